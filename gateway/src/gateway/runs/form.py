"""Run jobs: the form, and what it asks for."""

import secrets

from clients.jobs import JobRequest, RunForm
from kit import clock
from kit.errors import Conflict, Invalid
from starlette.responses import Response

from gateway.runs.form_view import again_view, run_view
from gateway.web.frame import Crumb
from gateway.web.page import Page, integer, redirect, words
from gateway.web.site import Site


class Form:
    def __init__(self, site: Site) -> None:
        self.site = site

    async def show(self, page: Page) -> Response:
        page.need_login()
        name = page.path["workspace"]
        earlier = await self._earlier(page)
        backend = page.query("backend") or (earlier.backend.slug if earlier else "") or None
        try:
            form = await page.services.jobs.run_form(
                name, backend=backend, ref=page.path.get("ref"), since=earlier.sha if earlier else None
            )
        except Conflict as refusal:
            page.flash("warning", refusal.detail)
            return redirect(f"/{page.path['project']}/{name}/")
        ticked = self._again(page, earlier)
        selected = form.selected_backend or ""
        notify = "yes" if form.workspace.should_notify else "no"
        return self._page(page, form, ticked, selected, notify=notify, force=False, earlier=earlier)

    async def _earlier(self, page: Page) -> JobRequest | None:
        """The request to be run again, when the address names one."""
        if not page.query("request"):
            return None
        return await page.services.jobs.request(integer(page.query("request")))

    def _again(self, page: Page, earlier: JobRequest | None) -> set[str]:
        if earlier is None:
            return set()
        if page.query("again") == "failed":
            return {job.action for job in earlier.jobs if job.status == "failed"}
        return set(earlier.requested_actions)

    def _page(
        self,
        page: Page,
        form: RunForm,
        ticked: set[str],
        selected: str,
        *,
        notify: str,
        force: bool,
        errors: dict[str, str] | None = None,
        key: str = "",
        status: int = 200,
        earlier: JobRequest | None = None,
    ) -> Response:
        workspace = form.workspace
        view = run_view(form, ticked, selected, clock.now())
        return self.site.html(
            page,
            "runs/form.html",
            f"Run jobs in {workspace.name}",
            status=status,
            nav="workspaces",
            crumbs=(
                Crumb("Projects", "/projects/"),
                Crumb(workspace.project_name, f"/{workspace.project_slug}/"),
                Crumb(workspace.name, view.url),
                Crumb("Run jobs"),
            ),
            view=view,
            form=form,
            notify=notify,
            force=force,
            errors=errors or {},
            again=again_view(form, earlier, page.query("again")) if earlier else None,
            key=key or secrets.token_hex(16),
        )

    async def submit(self, page: Page) -> Response:
        """The same form sent twice makes one request: `key` belongs to the form as shown."""
        page.need_login()
        name = page.path["workspace"]
        sent = page.form
        backend, key = str(sent.get("backend", "")), str(sent.get("key", ""))[:64]
        actions = words(sent.getlist("requested_actions"))
        force, notify = "force_run_dependencies" in sent, str(sent.get("will_notify", "no"))
        if "look" in sent:
            return await self._shown_again(page, set(actions), backend, notify, force, key)
        try:
            request_id = await page.services.jobs.submit(
                name,
                backend=backend,
                actions=actions,
                sha=str(sent.get("sha", "")),
                force_run_dependencies=force,
                will_notify=notify in {"yes", "True"},
                key=key or secrets.token_hex(16),
            )
        except Conflict as refusal:
            page.flash("warning", refusal.detail)
            return redirect(f"/{page.path['project']}/{name}/")
        except Invalid as refusal:
            errors = _errors(refusal)
            return await self._shown_again(page, set(actions), backend, notify, force, key, errors)
        return redirect(f"/{page.path['project']}/{name}/{request_id}/")

    async def _shown_again(
        self,
        page: Page,
        ticked: set[str],
        backend: str,
        notify: str,
        force: bool,
        key: str,
        errors: dict[str, str] | None = None,
    ) -> Response:
        """The same page with what was chosen: at another backend, or with a sentence beside each fault."""
        form = await page.services.jobs.run_form(
            page.path["workspace"], backend=backend or None, ref=str(page.form.get("sha", "")) or None
        )
        status = 400 if errors else 200
        return self._page(
            page, form, ticked, backend, notify=notify, force=force, errors=errors, key=key, status=status
        )


def _errors(refusal: Invalid) -> dict[str, str]:
    """A sentence for each field, or one for the whole form."""
    fields = refusal.extra.get("fields") or {}
    return {name: " ".join(sentences) for name, sentences in fields.items()} or {"form": refusal.detail}
