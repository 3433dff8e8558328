"""Composition root of the API."""

from kit.app import Service
from kit.tokens import TokenHasher
from messaging import states
from messaging.runtime import create_app

from identity.api import account, credentials, logins, people, v2
from identity.github import GitHubLogin
from identity.settings import Settings
from identity.states import SOURCES


def create(settings: Settings | None = None) -> Service:
    settings = settings or Settings()
    routers = [
        credentials.router,
        logins.router,
        account.router,
        people.router,
        v2.router,
        states.router(SOURCES),
    ]
    app = create_app("identity", settings, routers, max_body_size=64 * 1024)
    app.state.hasher = TokenHasher(settings.token_keys)
    app.state.github = GitHubLogin(settings)
    return app
