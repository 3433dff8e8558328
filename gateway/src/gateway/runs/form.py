"""Run jobs: the form, and what it asks for."""

import secrets

from clients.jobs import JobRequest
from kit import clock
from kit.errors import Conflict
from starlette.responses import Response

from gateway.runs.form_view import again_view, run_view
from gateway.web.fields import Boxes, Flag, Hidden, Radio
from gateway.web.forms import Form
from gateway.web.frame import Crumb, workspace_crumbs
from gateway.web.page import Page, integer, redirect
from gateway.web.site import Site

_TELL = (("yes", "Tell me by e-mail"), ("no", "Do not tell me"))


class RunJobs(Form):
    """What may be chosen, and whether it may be run, depends on the commit: the service decides all of it.

    `key` belongs to the form as shown: sent twice it makes one request.
    """

    failed = "The request could not be made"
    sha, key = Hidden(), Hidden()
    backend = Radio("Where")
    requested_actions = Boxes("Actions to run")
    force_run_dependencies = Flag("Run dependencies again, even if they succeeded")
    will_notify = Radio("When it ends", _TELL)


class Forms:
    def __init__(self, site: Site) -> None:
        self.site = site

    async def show(self, page: Page) -> Response:
        page.need_login()
        earlier = await self._earlier(page)
        backend = page.query("backend") or (earlier.backend.slug if earlier else "")
        form = RunJobs(backend=backend, requested_actions=_again(page, earlier), key=secrets.token_hex(16))
        return await self._shown(page, form, page.path.get("ref"), earlier)

    async def _earlier(self, page: Page) -> JobRequest | None:
        """The request to be run again, when the address names one."""
        if not page.query("request"):
            return None
        return await page.services.jobs.request(integer(page.query("request")))

    async def submit(self, page: Page) -> Response:
        page.need_login()
        form = RunJobs(page.form)
        form.key.data = form.key.data[:64] or secrets.token_hex(16)
        if "look" not in page.form:
            with form.refusals():
                request_id = await page.services.jobs.submit(
                    page.path["workspace"],
                    backend=form.backend.data or "",
                    actions=form.requested_actions.data,
                    sha=form.sha.data,
                    force_run_dependencies=form.force_run_dependencies.data,
                    will_notify=form.will_notify.data == "yes",
                    key=form.key.data,
                )
                return redirect(f"/{page.path['project']}/{page.path['workspace']}/{request_id}/")
        return await self._shown(page, form, form.sha.data or None, None)

    async def _shown(
        self, page: Page, form: RunJobs, ref: str | None, earlier: JobRequest | None
    ) -> Response:
        """What the form may offer at this commit and backend, with what was chosen in it."""
        name = page.path["workspace"]
        since = earlier.sha if earlier else None
        try:
            found = await page.services.jobs.run_form(
                name, backend=form.backend.data or None, ref=ref, since=since
            )
        except Conflict as refusal:
            page.flash("warning", refusal.detail)
            return redirect(f"/{page.path['project']}/{name}/")
        form.sha.data = found.sha or ""
        if not form.backend.data:
            form.backend.data = found.selected_backend or ""
        if not form.will_notify.data:
            form.will_notify.data = "yes" if found.workspace.should_notify else "no"
        workspace, view = found.workspace, run_view(found, form.requested_actions.data or (), clock.now())
        return self.site.html(
            page,
            "runs/form.html",
            f"Run jobs in {workspace.name}",
            form=form,
            nav="workspaces",
            crumbs=(
                *workspace_crumbs(workspace.project_slug, workspace.project_name, workspace.name),
                Crumb("Run jobs"),
            ),
            view=view,
            found=found,
            again=again_view(found, earlier, page.query("again")) if earlier else None,
        )


def _again(page: Page, earlier: JobRequest | None) -> list[str]:
    if earlier is None:
        return []
    if page.query("again") == "failed":
        return [job.action for job in earlier.jobs if job.status == "failed"]
    return earlier.requested_actions
