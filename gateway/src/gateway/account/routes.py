"""Logging in and out, and one's own settings."""

from starlette.routing import Route

from gateway.account.pages import Account
from gateway.web.site import Site


def routes(site: Site) -> list[Route]:
    account = Account(site)
    return [
        site.get("/login/", account.login),
        site.post("/login/github/", account.start, anybody=True),
        site.get("/complete/github/", account.complete),
        site.get("/enter-your-name/", account.enter_name),
        site.post("/enter-your-name/", account.save_name, anybody=True),
        site.post("/logout/", account.logout, anybody=True),
        site.get("/settings/", account.settings_page),
        site.post("/settings/", account.change_settings),
    ]
