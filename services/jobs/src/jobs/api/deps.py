"""What routes are given."""

from typing import Annotated

from fastapi import Depends, Request, Response
from kit.db import Database
from kit.http import Client
from messaging.uow import Units

from jobs.settings import Settings
from jobs.study import Studies


async def _database(request: Request) -> Database:
    database: Database = request.app.state.database
    return database


async def _units(request: Request) -> Units:
    units: Units = request.app.state.units
    return units


async def _studies(request: Request) -> Studies:
    studies: Studies = request.app.state.studies
    return studies


async def _projects(request: Request) -> Client:
    projects: Client = request.app.state.projects
    return projects


async def _settings(request: Request) -> Settings:
    settings: Settings = request.app.state.settings
    return settings


Data = Annotated[Database, Depends(_database)]
Begin = Annotated[Units, Depends(_units)]
Repositories = Annotated[Studies, Depends(_studies)]
Projects = Annotated[Client, Depends(_projects)]
Config = Annotated[Settings, Depends(_settings)]


def as_json(text: str | bytes) -> Response:
    return Response(text, media_type="application/json")
