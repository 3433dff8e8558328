"""Logging in and out, and one's own settings."""

from urllib.parse import urlencode

from kit import clock
from kit.errors import AppError, Conflict, Invalid
from starlette.responses import RedirectResponse, Response

from gateway.account.forms import NameForm, SettingsForm
from gateway.web.format import browser_name, when
from gateway.web.page import Page, integer, local, redirect
from gateway.web.site import Site

LOGIN_COOKIE = "login"
_LOGIN_AGE = 600  # seconds
_SESSION_AGE = 14 * 24 * 3600  # seconds


class Account:
    def __init__(self, site: Site) -> None:
        self.site = site
        self.settings = site.settings

    @property
    def _complete_url(self) -> str:
        return f"{self.settings.base_url.rstrip('/')}/complete/github/"

    async def login(self, page: Page) -> Response:
        target = local(page.query("next") or "/")
        if page.caller.user is not None:
            return RedirectResponse(target, 302)
        return self.site.html(page, "account/login.html", "Log in", target=target)

    async def start(self, page: Page) -> Response:
        target = local(str(page.form.get("next", "/")))
        started = await page.services.credentials.start_login(target, self._complete_url)
        response = redirect(started.authorize_url)
        self.site.cookie(response, self._cookie_name, started.browser, _LOGIN_AGE)
        return response

    @property
    def _cookie_name(self) -> str:
        return f"{LOGIN_COOKIE}_{self.settings.session_cookie.rpartition('_')[2]}"

    async def complete(self, page: Page) -> Response:
        """GitHub sends the browser back here."""
        if page.query("error"):
            page.flash(
                "warning", f"GitHub did not log you in: {page.query('error_description') or 'refused'}."
            )
            return redirect("/")
        browser = page.request.cookies.get(self._cookie_name, "")
        agent = page.request.headers.get("user-agent", "")
        try:
            done = await page.services.credentials.finish_login(
                page.query("state"), page.query("code"), browser, agent
            )
        except (Invalid, Conflict) as refusal:
            page.flash("warning", refusal.detail)
            return redirect("/")
        if done.partial:
            return redirect("/enter-your-name/?" + urlencode({"partial_token": done.partial}))
        return self._logged_in(done.session or "", done.next)

    def _logged_in(self, session: str, target: str) -> Response:
        response = redirect(local(target))
        self.site.cookie(response, self.settings.session_cookie, session, _SESSION_AGE)
        response.delete_cookie(self._cookie_name)
        return response

    async def enter_name(self, page: Page) -> Response:
        partial = page.query("partial_token")
        if page.caller.user is not None or not partial:
            return redirect("/")
        return self._ask_name(page, NameForm(partial=partial))

    def _ask_name(self, page: Page, form: NameForm) -> Response:
        return self.site.html(page, "account/enter_name.html", "Your name", form=form)

    async def save_name(self, page: Page) -> Response:
        form = NameForm(page.form)
        browser = page.request.cookies.get(self._cookie_name, "")
        agent = page.request.headers.get("user-agent", "")
        if form.fits():
            with form.refusals():
                done = await page.services.credentials.name_login(
                    form.partial.data, form.name.data, browser, agent
                )
                return self._logged_in(done.session or "", done.next)
        return self._ask_name(page, form)

    async def logout(self, page: Page) -> Response:
        if page.caller.session:
            await page.services.credentials.end_session(page.caller.session)
            self.site.callers.forget_session(page.caller.session)
        response = redirect("/")
        response.delete_cookie(self.settings.session_cookie)
        return response

    async def settings_page(self, page: Page) -> Response:
        return await self._settings(page)

    async def _settings(
        self,
        page: Page,
        *,
        form: SettingsForm | None = None,
        token: str = "",
        token_fault: str = "",
        status: int = 200,
    ) -> Response:
        page.need_login()
        account = await page.services.identity.account(page.caller.session or "")
        at = clock.now()
        sessions = [
            (s.id, browser_name(s.user_agent), when(s.last_seen_at, at), s.current) for s in account.sessions
        ]
        return self.site.html(
            page,
            "account/settings.html",
            "Settings",
            status=status,
            form=form or SettingsForm(fullname=account.fullname, version=str(account.version)),
            account=account,
            sessions=sessions,
            token=token,
            token_fault=token_fault,
        )

    async def change_settings(self, page: Page) -> Response:
        """One form at a time: the name, a login token, or the end of a session."""
        page.need_login()
        if "token" in page.form:
            try:
                words = await page.services.identity.make_login_token()
            except AppError as refusal:
                return await self._settings(page, token_fault=refusal.detail, status=refusal.status)
            return await self._settings(page, token=words)
        if "end_session" in page.form:
            await page.services.identity.end_my_session(integer(str(page.form["end_session"])))
            page.flash("succeeded", "That session has ended.")
            return redirect("/settings/")
        form = SettingsForm(page.form)
        if form.fits():
            with form.refusals():
                await page.services.identity.rename_me(form.fullname.data, form.shown_version)
                page.flash("succeeded", "Your settings were saved.")
                self.site.callers.forget_session(page.caller.session or "")
                return redirect("/settings/")
        return await self._settings(page, form=form)
