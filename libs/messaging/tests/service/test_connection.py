"""The connection to NATS: made in the background, kept up for ever, gone at the end."""

import asyncio
import time
from collections.abc import AsyncIterator
from pathlib import Path

import nats.errors
import pytest
from launcher.embedded.child import free_port
from launcher.embedded.nats import USERS
from launcher.embedded.nats import Nats as Server
from messaging.connection import Nats, end
from testkit.waiting import eventually


@pytest.fixture
async def server(tmp_path: Path) -> AsyncIterator[Server]:
    """A server of this test's own that has not been started yet."""
    made = Server(tmp_path, dict.fromkeys(USERS, "test"), port=free_port())
    yield made
    await asyncio.to_thread(made.stop)


@pytest.fixture
async def broker(server: Server) -> AsyncIterator[Nats]:
    made = Nats(server.url(), "test", requests=True)
    yield made
    await made.close()


async def is_up(broker: Nats) -> bool:
    try:
        await broker.ping()
    except (ConnectionError, nats.errors.Error):
        return False
    return True


async def test_a_process_starts_while_nats_is_away_and_is_connected_once_it_comes(
    broker: Nats, server: Server
) -> None:
    broker.start()
    waiting = asyncio.create_task(broker.client())
    with pytest.raises(ConnectionError):
        await broker.ping()
    broker.say("wake.nobody")
    assert not waiting.done()
    await asyncio.to_thread(server.start)
    client = await asyncio.wait_for(waiting, 10)
    assert client.is_connected
    assert await broker.client() is client
    await broker.ping()


async def test_it_comes_back_by_itself_after_every_loss_and_still_listens(
    broker: Nats, server: Server
) -> None:
    await asyncio.to_thread(server.start)
    broker.start()
    client = await asyncio.wait_for(broker.client(), 10)
    heard: list[str] = []

    async def hear(message: object) -> None:
        heard.append(message.subject)  # type: ignore[attr-defined]

    await client.subscribe("wake.>", cb=hear)
    for number in range(2):
        await asyncio.to_thread(server.stop)

        async def is_down() -> bool:
            return not await is_up(broker)

        await eventually(is_down)
        broker.say("wake.lost")
        await asyncio.to_thread(server.start)
        await eventually(lambda: is_up(broker))
        broker.say(f"wake.number{number}")

        async def is_heard(word: str = f"wake.number{number}") -> bool:
            return word in heard

        await eventually(is_heard)
    assert "wake.lost" not in heard


async def test_a_wrong_password_is_tried_again_and_never_taken_for_a_connection(
    server: Server, tmp_path: Path
) -> None:
    await asyncio.to_thread(server.start)
    broker = Nats(server.url().replace(":test@", ":wrong@"), "test")
    broker.start()
    log = tmp_path / "logs" / "nats.log"

    async def refused_twice() -> bool:
        return log.read_text().count("authentication error") >= 2

    await eventually(refused_twice)
    with pytest.raises(ConnectionError):
        await broker.ping()
    started = time.monotonic()
    await broker.close()
    assert time.monotonic() - started < 2


async def test_a_connection_that_never_came_about_is_given_up_at_once(broker: Nats) -> None:
    broker.start()
    waiting = asyncio.create_task(broker.client())
    await asyncio.sleep(0)
    started = time.monotonic()
    await broker.close()
    await end(waiting)
    assert time.monotonic() - started < 2
    assert waiting.cancelled()


async def test_one_that_was_never_started_can_be_closed(broker: Nats) -> None:
    await broker.close()
    with pytest.raises(ConnectionError):
        await broker.ping()


async def test_a_task_that_swallows_its_cancellation_still_ends() -> None:
    swallowed: list[int] = []

    async def stubborn() -> None:
        while len(swallowed) < 2:
            try:
                await asyncio.sleep(60)
            except asyncio.CancelledError:
                swallowed.append(1)
        await asyncio.sleep(60)

    async def failing() -> None:
        raise ValueError("on its own account")

    tasks = [asyncio.create_task(stubborn()), asyncio.create_task(failing())]
    await asyncio.sleep(0)
    await end(*tasks)
    assert (len(swallowed), tasks[0].cancelled()) == (2, True)
    assert isinstance(tasks[1].exception(), ValueError)
    await end()
