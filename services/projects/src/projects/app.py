"""Composition root of the API."""

from kit.app import Service
from messaging import states
from messaging.runtime import create_app

from projects.api import pages, services
from projects.scope import Permissions
from projects.settings import Settings
from projects.states import SOURCES


def create(settings: Settings | None = None) -> Service:
    settings = settings or Settings()
    routers = [services.router, pages.router, states.router(SOURCES)]
    app = create_app("projects", settings, routers, max_body_size=64 * 1024)
    app.state.permissions = Permissions(settings.permissions_dir)
    return app
