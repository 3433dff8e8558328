"""What every service answers while nothing is wrong, by method, service and path."""

from typing import Any

from clients import identity, jobs, projects
from starlette.responses import Response

from .addresses import RELEASE_ID
from .samples import (
    ACCOUNT,
    ACTIONS,
    BACKENDS,
    NASTY,
    NOW,
    PROJECT,
    ago,
    release,
    release_row,
    request,
    row,
    run_form,
    workspace,
    workspace_page,
)

ANSWERS: dict[str, Any] = {
    "POST identity/backends/resolve": identity.BackendCredential(),
    "POST identity/personal-tokens/resolve": identity.PersonalToken(known=False),
    "GET projects/workspaces/study-ws": workspace_page(),
    "GET projects/projects/study": projects.ProjectPage(
        project=PROJECT, workspaces=[workspace(), workspace(id=2, name="old-ws", is_archived=True)]
    ),
    "GET projects/projects": projects.ProjectList(
        rows=[
            projects.ProjectRow(id=1, slug="study", name=NASTY, number="101", lead_org=NASTY, workspaces=2)
        ],
        page=2,
        pages=3,
        total=51,
    ),
    "GET projects/workspaces": projects.WorkspaceList(
        rows=[
            projects.WorkspaceRow(
                id=1,
                name="study-ws",
                project_id=1,
                project_slug="study",
                project_name=NASTY,
                repo_url="https://github.com/opensafely/study",
                branch=NASTY,
                is_archived=True,
                created_at=ago(days=7),
            )
        ],
        page=1,
        pages=1,
        total=1,
    ),
    "GET projects/search": [identity.Hit(kind="project", key="study", title=NASTY, detail=NASTY)],
    "GET jobs/search": [identity.Hit(kind="request", key="7", title="Request 7", detail="study-ws")],
    "GET identity/search": [identity.Hit(kind="user", key="rosa", title=NASTY)],
    "GET identity/users/rosa": identity.User(id=1, username="rosa", fullname=NASTY),
    "GET identity/projects/1/members": [
        identity.Membership(user_id=1, username="rosa", fullname=NASTY, roles=["ProjectDeveloper"]),
        identity.Membership(user_id=2, username="ravi", fullname="Ravi", roles=[]),
    ],
    "POST identity/account": ACCOUNT,
    "GET jobs/workspaces/study-ws/jobs": jobs.WorkspaceJobs(
        actions=ACTIONS, current=[row()], recent=[row(), row(6, "failed"), row(5, "succeeded", jobs=0)]
    ),
    "GET jobs/workspaces/study-ws/run-form": run_form(),
    "GET jobs/job-requests/7": request(),
    "GET jobs/job-requests/7/definition": Response(f'version: "{NASTY}" # {NASTY}\n{NASTY}: {NASTY}\n'),
    "GET jobs/job-requests": jobs.RequestList(
        rows=[row(), row(6, "nothing_to_do", jobs=0, org=None)],
        older=6,
        newer=7,
        counts={"running": 1, "succeeded": 1000, "unknown": 1},
    ),
    "GET jobs/choices": jobs.Choices(
        backends=[jobs.Choice(value="tpp", label=NASTY)],
        orgs=[jobs.Choice(value="lshtm", label="LSHTM")],
        projects=[jobs.Choice(value="study", label=NASTY)],
        workspaces=None,
        people=None,
    ),
    "GET jobs/choices/person": [jobs.Choice(value="rosa", label=NASTY)],
    "GET jobs/home": jobs.Home(
        mine=[row()],
        everybody=[row(), row(6, "failed")],
        failed=[row(6, "failed", blocked=1), row(4, "failed", jobs=0, succeeded=0, failed=0)],
        waiting=[row(9, "pending"), row(8, "pending", backend=jobs.BackendRef(slug="emis", name="EMIS"))],
    ),
    "GET jobs/backends": BACKENDS,
    "GET jobs/job-refs": jobs.JobRef(
        identifier="aaaabbbbccccdddd", request_id=7, workspace="study-ws", project_slug="study"
    ),
    "POST jobs/last-activity": {"study-ws": NOW},
    "GET releases/workspaces/study-ws/releases": [
        release_row(),
        release_row(number=1, file_count=None, uploaded_count=None, total_size=None),
    ],
    "GET releases/releases": [release_row(project_slug="study")],
    f"GET releases/releases/{RELEASE_ID}": release(),
}
