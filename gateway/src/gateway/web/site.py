"""Turns page handlers into a Starlette application: caller, CSRF, flashes, frame, error pages, headers."""

import time
from collections.abc import Sequence
from typing import Any
from urllib.parse import quote

from kit import telemetry
from kit.errors import AppError, NotFound, TooManyRequests, Unavailable
from kit.identity import Signer
from kit.logging import get
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response
from starlette.routing import Route

from gateway.callers import ANONYMOUS, Callers
from gateway.services import Services, statement
from gateway.settings import Settings
from gateway.signing import Signing
from gateway.web.backends import troubles_of
from gateway.web.errors import explain
from gateway.web.forms import Form
from gateway.web.frame import Crumb, Frame, person_of
from gateway.web.limiter import Limiter
from gateway.web.page import (
    FLASH_COOKIE,
    ExpiredForm,
    Handler,
    LoginNeeded,
    Page,
    check_csrf,
    local,
    read_form,
)
from gateway.web.remembered import Remembered
from gateway.web.render import Renderer

log = get()
_CACHE_SECONDS = 1.0
_CACHE_MOST = 500
_TROUBLES_SECONDS = 10.0

CSP = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data: blob:; "
    "connect-src 'self'; "
    "font-src 'self'; form-action 'self' {github}; frame-src 'self'; frame-ancestors 'self'; "
    "base-uri 'none'; "
    "object-src 'none'; manifest-src 'self'"
)


class Site:
    def __init__(
        self,
        settings: Settings,
        services: Services,
        callers: Callers,
        signer: Signer,
        signing: Signing,
        renderer: Renderer,
    ) -> None:
        self.settings = settings
        self.services = services
        self.callers = callers
        self.signer = signer
        self.signing = signing
        self.renderer = renderer
        github = "/".join(settings.github_browser_url.split("/")[:3])
        self._headers = {
            "Content-Security-Policy": CSP.format(github=github),
            "X-Content-Type-Options": "nosniff",
            "X-Frame-Options": "SAMEORIGIN",
            "Referrer-Policy": "same-origin",
            "Cross-Origin-Opener-Policy": "same-origin",
            "Permissions-Policy": "browsing-topics=(), interest-cohort=(), camera=(), microphone=()",
        }
        if settings.secure:
            self._headers["Strict-Transport-Security"] = "max-age=31536000"
        self.searches = Limiter()
        self._cache: dict[str, tuple[float, bytes]] = {}
        self._troubles: Remembered[list[str]] = Remembered(_TROUBLES_SECONDS)

    def endpoint(self, handler: Handler, *, anybody: bool = False) -> Any:
        """The handler as Starlette calls it. Forms are of those who are logged in, or of `anybody`."""

        async def answer(request: Request) -> Response:
            page = Page(request, ANONYMOUS, self.services, self.settings, self.signing)
            try:
                response = await self._respond(page, handler, anybody)
            except LoginNeeded:
                response = self._log_in_first(page)
            except AppError as refusal:
                response = self._refuse(page, refusal)
            except HTTPException as refusal:
                response = self._error(page, refusal.status_code, "")
            except Exception:  # shown as an honest page, and logged with its request id
                log.exception("page failed", path=request.url.path)
                response = self._error(page, 500, "")
            return self._finish(page, response)

        return answer

    def get(self, path: str, handler: Handler) -> Route:
        return Route(path, self.endpoint(handler), methods=["GET"])

    def post(self, path: str, handler: Handler, *, anybody: bool = False) -> Route:
        return Route(path, self.endpoint(handler, anybody=anybody), methods=["POST"])

    async def _respond(self, page: Page, handler: Handler, anybody: bool) -> Response:
        request = page.request
        if request.method == "POST":  # before anybody is asked who may not answer: a form is never lost
            page.form = await read_form(request, self.settings.max_body)
        token = request.cookies.get(self.settings.session_cookie, "")
        if token:
            page.caller = await self.callers.by_session(token)
        statement.set(page.caller.statement(self.signer))
        if request.method == "POST":
            check_csrf(request, page.caller, page.form, self.settings, self.signing)
            if not anybody:
                page.need_login()
            return await handler(page)
        if page.caller.may("staff_area_access") and "x-live" not in request.headers:
            page.troubles = await self._troubles.get(self._backend_troubles)
        if page.caller.user is None and not token and FLASH_COOKIE not in request.cookies:
            return await self._cached(page, handler)
        return await handler(page)

    async def _cached(self, page: Page, handler: Handler) -> Response:
        """Anonymous readers of the same page within a second share it."""
        key = str(page.request.url)
        now = time.monotonic()
        if (hit := self._cache.get(key)) and hit[0] > now:
            return Response(hit[1], media_type="text/html")
        response = await handler(page)
        if response.status_code == 200 and response.media_type == "text/html" and not page.flashes:
            if len(self._cache) > _CACHE_MOST:
                self._cache.clear()
            self._cache[key] = (now + _CACHE_SECONDS, bytes(response.body))
        return response

    async def _backend_troubles(self) -> list[str]:
        """Backends of which nothing is known or heard."""
        found = await optional(self.services.jobs.backends())
        return ["The state of the backends is not known"] if found is None else troubles_of(found)

    def forget_pages(self) -> None:
        """What anonymous readers share is made anew; for tests, which do not wait for its second to pass."""
        self._cache.clear()
        self._troubles.forget()

    def _finish(self, page: Page, response: Response) -> Response:
        for name, value in self._headers.items():
            response.headers.setdefault(name, value)
        private = page.caller.user is not None or bool(page.flashes)
        response.headers.setdefault("Cache-Control", "private, no-store" if private else "no-cache")
        if page.flashes:
            self.cookie(response, FLASH_COOKIE, self.signing.pack(page.flashes), 300)
        elif FLASH_COOKIE in page.request.cookies and response.status_code == 200:
            response.delete_cookie(FLASH_COOKIE)
        return response

    def cookie(self, response: Response, name: str, value: str, age: int) -> None:
        response.set_cookie(
            name, value, max_age=age, httponly=True, samesite="lax", secure=self.settings.secure
        )

    def frame(self, page: Page, title: str, **more: Any) -> Frame:
        shown = page.request.cookies.get(FLASH_COOKIE, "")
        return Frame(
            title=title,
            login_url=f"/login/?next={quote(local(page.request.url.path))}",
            person=person_of(page.caller),
            request_id=telemetry.request_id.get(),
            docs_url=self.settings.docs_url,
            troubles=page.troubles,
            flashes=self.signing.unpack(shown) if shown else [],
            **more,
        )

    def html(
        self,
        page: Page,
        template: str,
        title: str,
        *,
        status: int = 200,
        form: Form | None = None,
        crumbs: Sequence[Crumb] = (),
        nav: str = "",
        topics: str = "",
        search: str = "",
        **values: Any,
    ) -> Response:
        """A whole page in its frame; one with a form that has faults says so in its title and its status."""
        if form is not None:
            values["form"] = form
            title, status = (f"Error: {title}", form.status) if form.faults else (title, status)
        frame = self.frame(page, title, crumbs=tuple(crumbs), nav=nav, topics=topics, search=search)
        body = self.renderer.render(template, frame=frame, **{"csrf": self.csrf(page)} | values)
        return Response(body, status, media_type="text/html")

    def fragment(self, page: Page, template: str, **values: Any) -> Response:
        """A part of a page, for a live update; never cached."""
        body = self.renderer.render(template, csrf=self.csrf(page), **values)
        return Response(body, media_type="text/html", headers={"Cache-Control": "private, no-store"})

    def _error(self, page: Page, status: int, detail: str) -> Response:
        shown = explain(status, detail, logged_in=page.caller.user is not None)
        return self.html(page, "web/error.html", shown.title, status=status, error=shown)

    def refused(self, request: Request, status: int) -> Response:
        """The error page where there is no handler to ask; nobody is asked who it is."""
        page = Page(request, ANONYMOUS, self.services, self.settings, self.signing)
        return self._finish(page, self._error(page, status, ""))

    def _log_in_first(self, page: Page) -> Response:
        if page.request.method == "POST":
            return self._resume(page, 401, "You have been logged out since this form was shown.")
        url = page.request.url
        target = url.path + (f"?{url.query}" if url.query else "")
        return RedirectResponse(f"/login/?next={quote(target, safe='')}", 302)

    def _refuse(self, page: Page, refusal: AppError) -> Response:
        """What a later try would change ends on the page that keeps the form, everything else on an error."""
        if page.form and isinstance(refusal, ExpiredForm | Unavailable | TooManyRequests):
            return self._resume(page, refusal.status, refusal.detail)
        return self._error(page, refusal.status, refusal.detail)

    def _resume(self, page: Page, status: int, why: str) -> Response:
        """Nothing that was filled in is lost: it is sent once more from here, after a log-in."""
        fields = [(n, v) for n, v in page.form.multi_items() if n != "csrf" and isinstance(v, str)]
        wait = status not in (400, 401)
        return self.html(
            page,
            "web/resume.html",
            "Not done yet" if wait else "Nothing was sent yet",
            status=status,
            why=why,
            log_in=status == 401,
            wait=wait,
            once="key" in page.form,
            fields=fields,
            # Who sent it is not known while identity is away: then the form's own token stays.
            csrf=self.csrf(page) or str(page.form.get("csrf", "")),
            address=page.request.url.path,
        )

    def csrf(self, page: Page) -> str:
        return self.signing.csrf(page.caller.session) if page.caller.session else ""

    async def not_found(self, page: Page) -> Response:
        raise NotFound("")


async def optional(work: Any) -> Any:
    """A part without which the page still makes sense: None when its service is away."""
    try:
        return await work
    except AppError as refusal:
        log.info("a part of the page is missing", reason=refusal.detail)
        return None
