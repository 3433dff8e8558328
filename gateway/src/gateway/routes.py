"""Every page and its address: the reference's, because people have bookmarks (architecture §9)."""

from starlette.routing import Route

from gateway.pages.account import Account
from gateway.pages.home import Home
from gateway.pages.lists import Lists
from gateway.pages.projects import Projects
from gateway.pages.releases import Releases
from gateway.pages.requests import Requests
from gateway.pages.running import Running
from gateway.pages.runs import Runs
from gateway.web import Handler
from gateway.website import Site


def routes(site: Site) -> list[Route]:
    """Fixed first segments come before a project's slug, which could be any word."""
    account, home, lists, projects = Account(site), Home(site), Lists(site), Projects(site)
    releases, requests, running, runs = Releases(site), Requests(site), Running(site), Runs(site)

    def get(path: str, handler: Handler) -> Route:
        return Route(path, site.endpoint(handler), methods=["GET"])

    def post(path: str, handler: Handler, *, anybody: bool = False) -> Route:
        return Route(path, site.endpoint(handler, anybody=anybody), methods=["POST"])

    work = "/{project}/{workspace}"
    one = f"{work}/{{request:int}}"
    return [
        get("/", home.show),
        get("/fragments/runs/", home.runs),
        get("/fragments/attention/", home.attention),
        get("/fragments/releases/", home.releases),
        get("/login/", account.login),
        post("/login/github/", account.start, anybody=True),
        get("/complete/github/", account.complete),
        get("/enter-your-name/", account.enter_name),
        post("/enter-your-name/", account.save_name, anybody=True),
        post("/logout/", account.logout, anybody=True),
        get("/settings/", account.settings_page),
        post("/settings/", account.change_settings),
        get("/projects/", lists.projects),
        get("/workspaces/", lists.workspaces),
        get("/event-log/", runs.event_log),
        get("/event-log/fragments/rows/", runs.rows),
        get("/event-list/", runs.to_event_log),
        get("/jobs/", runs.to_event_log),
        get("/jobs/{identifier}/", runs.job_by_id),
        get("/job-requests/{request:int}/", runs.request_by_id),
        get("/status/", lists.status),
        get("/status/fragments/cards/", lists.status_cards),
        get("/search/", lists.search),
        get("/users/{username}/", lists.user),
        get("/staff/users/{username}/", lists.user),  # where issues and Slack messages lead
        get("/ui-components", lists.gallery),
        get("/files/{file_id}/content/", releases.content),
        get("/{project}/", projects.project),
        get(f"{work}/", projects.workspace),
        get(f"{work}/fragments/jobs/", projects.workspace_jobs),
        get(f"{work}/fragments/releases/", projects.workspace_releases),
        get(f"{work}/logs/", projects.logs),
        get(f"{work}/logs/fragments/rows/", runs.rows),
        get(f"{work}/run-jobs/", running.show),
        post(f"{work}/run-jobs/", running.submit),
        get(f"{work}/run-jobs/{{ref}}/", running.show),
        post(f"{work}/run-jobs/{{ref}}/", running.submit),
        post(f"{work}/notifications-toggle/", projects.toggle_notifications),
        post(f"{work}/archive-toggle/", projects.toggle_archive),
        get(f"{work}/releases/", releases.of_workspace),
        get(f"{work}/releases/fragments/rows/", releases.rows),
        get(f"{work}/releases/{{release}}/", releases.release),
        get(f"{work}/releases/{{release}}/fragments/title/", releases.title),
        get(f"{work}/releases/{{release}}/fragments/files/", releases.files),
        get(f"{work}/releases/{{release}}/download/", releases.archive),
        get(f"{work}/releases/{{release}}/{{file:path}}", releases.release),
        get(f"{one}/", requests.request),
        get(f"{one}/fragments/live/", requests.live),
        get(f"{one}/fragments/jobs/", requests.jobs),
        get(f"{one}/fragments/title/", requests.title),
        get(f"{one}/project.yaml", requests.definition),
        post(f"{one}/cancel/", requests.cancel),
        get(f"{one}/{{identifier}}/", requests.job),
        get(f"{one}/{{identifier}}/fragments/job/", requests.job_part),
        post(f"{one}/{{identifier}}/cancel/", requests.cancel),
    ]
