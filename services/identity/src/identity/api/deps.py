"""What routes are given."""

from datetime import UTC, datetime
from typing import Annotated, Any

import msgspec
from fastapi import Depends, Request, Response
from kit.tokens import TokenHasher
from messaging.uow import Units

from identity.github import GitHubLogin


async def _now() -> datetime:
    return datetime.now(UTC)


async def _hasher(request: Request) -> TokenHasher:
    hasher: TokenHasher = request.app.state.hasher
    return hasher


async def _github(request: Request) -> GitHubLogin:
    github: GitHubLogin = request.app.state.github
    return github


async def _units(request: Request) -> Units:
    units: Units = request.app.state.units
    return units


Now = Annotated[datetime, Depends(_now)]
Hasher = Annotated[TokenHasher, Depends(_hasher)]
GitHub = Annotated[GitHubLogin, Depends(_github)]
Begin = Annotated[Units, Depends(_units)]


def answer(value: Any) -> Response:
    return Response(msgspec.json.encode(value), media_type="application/json")
