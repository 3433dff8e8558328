"""What routes are given."""

from typing import Annotated

from fastapi import Depends, Request
from kit.http import Client

from jobs.settings import Settings
from jobs.study import Studies


async def _studies(request: Request) -> Studies:
    studies: Studies = request.app.state.studies
    return studies


async def _projects(request: Request) -> Client:
    projects: Client = request.app.state.projects
    return projects


async def _settings(request: Request) -> Settings:
    settings: Settings = request.app.state.settings
    return settings


Repositories = Annotated[Studies, Depends(_studies)]
Projects = Annotated[Client, Depends(_projects)]
Config = Annotated[Settings, Depends(_settings)]
