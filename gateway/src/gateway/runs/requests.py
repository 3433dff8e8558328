"""A job request, its jobs, cancelling."""

import asyncio
from typing import Any

from clients.jobs import Job, JobRequest
from kit import clock
from kit.errors import Conflict, NotFound
from starlette.responses import RedirectResponse, Response

from gateway.runs.code import yaml_lines
from gateway.runs.joblist import Chosen
from gateway.runs.reasons import reason
from gateway.runs.request_view import job_metrics, job_pills, request_url, request_view
from gateway.web.confirm import Confirmation, confirm
from gateway.web.format import between, duration, plural, when
from gateway.web.frame import Crumb, workspace_crumbs
from gateway.web.page import Page, integer, redirect
from gateway.web.site import Site

_ENDED = frozenset({"succeeded", "failed"})


def _crumbs(request: JobRequest) -> tuple[Crumb, ...]:
    workspace = request.workspace
    return (
        *workspace_crumbs(workspace.project_slug, workspace.project_name, workspace.name),
        Crumb(f"Request {request.id}", request_url(request)),
    )


def _chosen(page: Page) -> Chosen:
    first = page.query("first")
    return Chosen(
        find=page.query("find")[:100],
        state=page.query("state")[:20],
        first=integer(first) if first else 0,
    )


def _cancellation(found: JobRequest, job: Job | None, *, to_job: bool) -> Confirmation:
    """Of one job, whose list or own page led here, or of all that has not ended."""
    url = request_url(found)
    if job is not None:
        return Confirmation(
            title=f"Cancel {job.action}?",
            happens=("Only this job is stopped.", "What needs it will not be run."),
            verb="Cancel this job",
            address=f"{url}{job.identifier}/cancel/",
            back=f"{url}{job.identifier}/" if to_job else f"{url}#jobs",
            hidden=(("back", "job"),) if to_job else (),
        )
    count = request_view(found, clock.now()).cancellable
    jobs = plural(count, "job") if count else ""
    return Confirmation(
        title=f"Cancel {jobs} in request {found.id}?" if jobs else f"Cancel request {found.id}?",
        happens=(
            "What runs is stopped, what waits will not start.",
            "What has succeeded keeps its outputs.",
        ),
        verb=f"Cancel {jobs or 'the request'}",
        address=f"{url}cancel/",
        back=url,
    )


class Requests:
    def __init__(self, site: Site) -> None:
        self.site = site

    async def _load(self, page: Page) -> JobRequest:
        return await page.services.jobs.request(integer(page.path["request"]))

    def _may_cancel(self, page: Page, request: JobRequest) -> bool:
        user = page.caller.user
        mine = user is not None and user.username == request.created_by.username
        return mine or page.caller.may("job_cancel", request.workspace.project_id)

    def _may_run(self, page: Page, request: JobRequest) -> bool:
        workspace = request.workspace
        return page.caller.may("job_run", workspace.project_id) and not workspace.is_archived

    async def request(self, page: Page) -> Response:
        found = await self._load(page)
        at = clock.now()
        view = request_view(found, at, _chosen(page))
        if page.request.url.path != view.url:
            return RedirectResponse(view.url, 302)
        return self.site.html(
            page,
            "runs/request.html",
            view.title,
            nav="runs",
            crumbs=_crumbs(found),
            topics=f"request:{found.id}",
            view=view,
            request=found,
            asked=when(found.created_at, at),
            may_cancel=self._may_cancel(page, found),
            may_run=self._may_run(page, found),
            logged_in=page.caller.user is not None,
        )

    async def _part(self, page: Page, template: str) -> Response:
        """A part of the page that changes while jobs run."""
        found = await self._load(page)
        return self.site.fragment(
            page,
            template,
            view=request_view(found, clock.now(), _chosen(page)),
            request=found,
            may_cancel=self._may_cancel(page, found),
            may_run=self._may_run(page, found),
            logged_in=page.caller.user is not None,
        )

    async def live(self, page: Page) -> Response:
        return await self._part(page, "runs/request_live.html")

    async def jobs(self, page: Page) -> Response:
        return await self._part(page, "runs/request_jobs.html")

    async def title(self, page: Page) -> Response:
        return await self._part(page, "runs/request_title.html")

    async def ask_to_cancel(self, page: Page) -> Response:
        page.need_login()
        found = await self._load(page)
        job = self._named_job(page, found)
        if not self._may_cancel(page, found):
            raise NotFound("Only whoever made a request, and people whose role allows it, can cancel it.")
        asked = _cancellation(found, job, to_job=page.query("back") == "job")
        if request_view(found, clock.now()).over or (job and job.status in _ENDED):
            page.flash("info", f"{job.action if job else f'Request {found.id}'} has already ended.")
            return redirect(asked.back)
        return confirm(self.site, page, asked, nav="runs", crumbs=_crumbs(found))

    async def cancel(self, page: Page) -> Response:
        """All of it, or one action; nothing left to cancel is said, not an error page."""
        found = await self._load(page)
        job = self._named_job(page, found)
        try:
            actions = await page.services.jobs.cancel(found.id, [job.action] if job else None)
        except Conflict as refusal:
            page.flash("info", refusal.detail)
        else:
            what = job.action if job else f"{plural(len(actions), 'job')} in request {found.id}"
            page.flash("succeeded", f"Asked for {what} to be cancelled.")
        return redirect(_cancellation(found, job, to_job=page.form.get("back") == "job").back)

    def _named_job(self, page: Page, found: JobRequest) -> Job | None:
        """None for an address that is about all of the request."""
        return self._job(found, page.path["identifier"]) if "identifier" in page.path else None

    def _job(self, request: JobRequest, prefix: str) -> Job:
        """By the unique beginning of its identifier (J51)."""
        fits = [job for job in request.jobs if job.identifier.startswith(prefix)]
        if len(fits) != 1:
            raise NotFound("There is no such job.")
        return fits[0]

    async def job(self, page: Page) -> Response:
        found = await self._load(page)
        job = self._job(found, page.path["identifier"])
        url = f"{request_url(found)}{job.identifier}/"
        if page.request.url.path != url:
            return RedirectResponse(url, 302)
        values = self._job_values(page, found, job)
        return self.site.html(
            page,
            "runs/job.html",
            values["tab"],
            nav="runs",
            crumbs=(*_crumbs(found), Crumb(job.action)),
            topics=f"request:{found.id}",
            **values,
        )

    async def job_part(self, page: Page) -> Response:
        """All of the page that changes while the job runs."""
        found = await self._load(page)
        job = self._job(found, page.path["identifier"])
        return self.site.fragment(page, "runs/job_live.html", **self._job_values(page, found, job))

    def _job_values(self, page: Page, found: JobRequest, job: Job) -> dict[str, Any]:
        at = clock.now()
        pills = job_pills(found)
        pill = pills[job.action]
        index = found.jobs.index(job)
        around = [found.jobs[i] if 0 <= i < len(found.jobs) else None for i in (index - 1, index + 1)]
        over = job.status in _ENDED
        return {
            "job": job,
            "request": found,
            "tab": f"{pill.word}: {job.action} · Request {found.id}",  # a tab is found by its state
            "url": request_url(found),
            "around": around,
            "pill": pill,
            "over": over,
            "why": reason(job, found, pills, at),
            "times": [
                (label, when(time, at))
                for label, time in (
                    ("Created", job.created_at),
                    ("Started", job.started_at),
                    ("Last heard of", job.updated_at),
                    ("Ended", job.completed_at),
                )
            ],
            "ran": duration(between(job.started_at, job.completed_at)),
            "metrics": job_metrics(job.metrics),
            "may_cancel": self._may_cancel(page, found) and not over,
        }

    async def definition(self, page: Page) -> Response:
        """The file as a page, or by `?plain` as it is."""
        if "plain" in page.request.query_params:
            return Response(await self._file(page), media_type="text/plain; charset=utf-8")
        text, found = await asyncio.gather(self._file(page), self._load(page))
        return self.site.html(
            page,
            "runs/definition.html",
            "project.yaml",
            nav="runs",
            crumbs=(*_crumbs(found), Crumb("project.yaml")),
            request=found,
            lines=await asyncio.to_thread(yaml_lines, text.removesuffix("\n")),
        )

    async def _file(self, page: Page) -> str:
        text = await page.services.jobs.definition(integer(page.path["request"]))
        if not text:
            raise NotFound("No project.yaml is kept for this request.")
        return text
