"""A step of Airlock that is heard before the people and the workspace it tells of."""

import asyncio
from collections.abc import Callable
from typing import Any

import pytest
from fastapi import FastAPI
from kit.http import Client
from messaging import consumer
from messaging.owners import Owners
from messaging.uow import Units
from prometheus_client import REGISTRY
from testkit.bus import Bus
from testkit.world import World, running

from .conftest import OTIS, Outside, Send, step, subscription

REPO_URL = "https://github.com/opensafely/demo-study"


async def test_a_step_told_before_its_people_are_known_is_heard_again(
    bus: Callable[[str], Bus], units: Units, world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(consumer, "BACKOFF", (0.05,) * 200)
    await world.rows("notifications", "update known_users set id = 22 where id = $1", OTIS)
    receiver = bus("notifications")
    labels = {"consumer": "notifications-releases", "outcome": "failed"}

    def failures() -> float:
        return REGISTRY.get_sample_value("messages_total", labels) or 0

    before = failures()
    heard = asyncio.create_task(
        receiver.deliver(subscription("notifications-releases"), step(1, "submitted"))
    )
    async with asyncio.timeout(10):
        while failures() < before + 2:
            await asyncio.sleep(0.01)
    assert not await world.rows("notifications", "select from deliveries")
    await world.rows("notifications", "update known_users set id = $1 where id = 22", OTIS)
    await heard
    assert len(await world.rows("notifications", "select from deliveries")) == 1
    assert not await receiver.dead()


async def test_a_step_of_people_who_never_become_known_is_kept_for_the_operator(
    bus: Callable[[str], Bus], units: Units, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(consumer, "BACKOFF", (0.01, 0.01))
    receiver = bus("notifications")
    unknown: dict[str, Any] = {"user_id": 404}
    await receiver.deliver(subscription("notifications-releases"), step(1, "submitted", **unknown))
    assert await receiver.dead() == ["releases.airlock_event.received.v1"]


async def test_a_step_heard_before_its_workspace_asks_the_owner(
    units: Units,
    bus: Callable[[str], Bus],
    world: World,
    settings: dict[str, Any],
    send: Send,
    outside: Outside,
) -> None:
    """It does not wait for the next try but one, and people are told of it once."""
    app = FastAPI()
    asked: list[str] = []

    @app.get("/state/{thing}")
    async def state(thing: str) -> list[dict[str, Any]]:
        asked.append(thing)
        known: dict[str, Any] = {
            "workspace": {"name": "demo-workspace", "project_id": 1, "repo_url": REPO_URL}
        }
        return [
            {"id": 1, "version": 1, "slug": "demo-project", "name": "Demo", "branch": "main"}
            | known.get(thing, {})
        ]

    for table in ("known_workspaces", "known_projects", "known_users"):
        await world.rows("notifications", f"delete from {table}")
    receiver = bus("notifications")
    async with running(app) as url:
        clients = {
            name: Client(name, place, world.signer("notifications").service)
            for name, place in (("identity", settings["identity_url"]), ("projects", url))
        }
        receiver.owners = Owners(units, clients)
        async with asyncio.timeout(5):
            await receiver.deliver(subscription("notifications-releases"), step(1, "submitted"), times=2)
        await receiver.owners.close()
    assert (asked, await receiver.dead()) == (["workspace", "project"], [])
    await send()
    [issue] = (await outside.state())["issues"]
    assert issue["title"] == "demo-workspace 01REQUEST"
