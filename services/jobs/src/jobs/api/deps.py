"""What routes are given."""

from typing import Annotated

from fastapi import Depends, Request

from jobs.owners import Owners
from jobs.settings import Settings
from jobs.study import Studies


async def _studies(request: Request) -> Studies:
    studies: Studies = request.app.state.studies
    return studies


async def _owners(request: Request) -> Owners:
    owners: Owners = request.app.state.owners
    return owners


async def _settings(request: Request) -> Settings:
    settings: Settings = request.app.state.settings
    return settings


AskedStudies = Annotated[Studies, Depends(_studies)]
AskedOwners = Annotated[Owners, Depends(_owners)]
Config = Annotated[Settings, Depends(_settings)]
