"""What routes are given."""

from datetime import datetime
from typing import Annotated

from fastapi import Depends, Request
from kit import clock
from kit.tokens import TokenHasher

from identity.github import GitHubLogin


async def _now() -> datetime:
    return clock.now()


async def _hasher(request: Request) -> TokenHasher:
    hasher: TokenHasher = request.app.state.hasher
    return hasher


async def _github(request: Request) -> GitHubLogin:
    github: GitHubLogin = request.app.state.github
    return github


Now = Annotated[datetime, Depends(_now)]
Hasher = Annotated[TokenHasher, Depends(_hasher)]
GitHub = Annotated[GitHubLogin, Depends(_github)]
