"""The event log, Run jobs, requests and their jobs."""

from starlette.routing import Route

from gateway.runs.form import Forms
from gateway.runs.log import Log
from gateway.runs.requests import Requests
from gateway.web.site import Site


def routes(site: Site) -> list[Route]:
    log, form, requests = Log(site), Forms(site), Requests(site)
    work = "/{project}/{workspace}"
    one = f"{work}/{{request:int}}"
    return [
        site.get("/event-log/", log.event_log),
        site.get("/event-log/fragments/rows/", log.rows),
        site.get("/choices/{kind}/", log.choices),
        site.get("/event-list/", log.to_event_log),
        site.get("/jobs/", log.to_event_log),
        site.get("/jobs/{identifier}/", log.job_by_id),
        site.get("/job-requests/{request:int}/", log.request_by_id),
        site.get(f"{work}/logs/", log.of_workspace),
        site.get(f"{work}/logs/fragments/rows/", log.rows),
        site.get(f"{work}/run-jobs/", form.show),
        site.post(f"{work}/run-jobs/", form.submit),
        site.get(f"{work}/run-jobs/{{ref:path}}/", form.show),
        site.post(f"{work}/run-jobs/{{ref:path}}/", form.submit),
        site.get(f"{one}/", requests.request),
        site.get(f"{one}/fragments/live/", requests.live),
        site.get(f"{one}/fragments/jobs/", requests.jobs),
        site.get(f"{one}/fragments/title/", requests.title),
        site.get(f"{one}/project.yaml", requests.definition),
        site.get(f"{one}/cancel/", requests.ask_to_cancel),
        site.post(f"{one}/cancel/", requests.cancel),
        site.get(f"{one}/{{identifier}}/", requests.job),
        site.get(f"{one}/{{identifier}}/fragments/job/", requests.job_part),
        site.get(f"{one}/{{identifier}}/cancel/", requests.ask_to_cancel),
        site.post(f"{one}/{{identifier}}/cancel/", requests.cancel),
    ]
