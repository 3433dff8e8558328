"""Any service on a real socket, with the world's database and broker."""

import importlib
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest
from testkit.world import World, running


class Services:
    def __init__(self, world: World, home: Path) -> None:
        self.world = world
        self.home = home

    def settings(self, service: str, **more: Any) -> dict[str, Any]:
        self.world.migrate(service)
        extra = {
            "identity": {"token_keys": {"k1": "secret"}},
            "jobs": {"rap_api_base_url": "http://127.0.0.1:1/", "rap_api_token": "token"},
            "releases": {"release_storage": str(self.home)},
        }
        return self.world.settings(service, **extra.get(service, {}), **more)

    def app(self, service: str, **more: Any) -> Any:
        made = importlib.import_module(f"{service}.settings").Settings(**self.settings(service, **more))
        return importlib.import_module(f"{service}.app").create(made)

    @asynccontextmanager
    async def running(self, service: str, **more: Any) -> AsyncIterator[str]:
        async with running(self.app(service, **more)) as url:
            yield url


@pytest.fixture(scope="session")
def services(world: World, tmp_path_factory: pytest.TempPathFactory) -> Services:
    return Services(world, tmp_path_factory.mktemp("storage"))
