"""Composition root of the API."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from fastapi import FastAPI
from kit.app import Service
from kit.github import GitHub
from messaging.runtime import Runtime, create_app

from jobs.api import requests, running, statuses
from jobs.owners import Owners
from jobs.settings import Settings
from jobs.study import Studies


def create(settings: Settings | None = None) -> Service:
    settings = settings or Settings()

    @asynccontextmanager
    async def extra(app: FastAPI, runtime: Runtime) -> AsyncIterator[None]:
        app.state.studies = Studies(
            GitHub(settings.github_api_url, settings.jobserver_github_token), settings.opencodelists_url
        )
        clients = {name: runtime.client(name) for name in ("identity", "projects")}
        app.state.owners = Owners(runtime.units, clients)
        yield
        await app.state.studies.close()

    app = create_app(
        "jobs", settings, [running.router, requests.router], extra=extra, max_body_size=1024 * 1024
    )
    app.router.routes.insert(0, statuses.ROUTE)
    return app
