"""What routes are given."""

from typing import Annotated

from clients.identity import IdentityClient
from fastapi import Depends, Request

from releases.owners import Owners
from releases.settings import Settings
from releases.storage import Storage


async def _storage(request: Request) -> Storage:
    storage: Storage = request.app.state.storage
    return storage


async def _identity(request: Request) -> IdentityClient:
    identity: IdentityClient = request.app.state.identity
    return identity


async def _owners(request: Request) -> Owners:
    owners: Owners = request.app.state.owners
    return owners


async def _settings(request: Request) -> Settings:
    settings: Settings = request.app.state.settings
    return settings


Bytes = Annotated[Storage, Depends(_storage)]
Identity = Annotated[IdentityClient, Depends(_identity)]
AskedOwners = Annotated[Owners, Depends(_owners)]
Config = Annotated[Settings, Depends(_settings)]
