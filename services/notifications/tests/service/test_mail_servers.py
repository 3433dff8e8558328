"""What becomes of a mail that the server does not take, or not now."""

import asyncio
from collections.abc import AsyncIterator
from typing import Any

import pytest
from aiosmtpd.smtp import SMTP, AuthResult, LoginPassword
from launcher.embedded.child import free_port
from notifications.dispatcher import Dispatcher
from testkit.world import World

from .conftest import Hear, Outside, Send, Sender, finished, send_all


async def delivery(world: World) -> dict[str, Any]:
    [row] = await world.rows(
        "notifications",
        "select *, extract(epoch from next_attempt_at - now())::float as pause from deliveries",
    )
    return dict(row)


async def test_a_mail_refused_for_now_is_sent_later_with_growing_pauses(
    hear: Hear, dispatcher: Dispatcher, outside: Outside, world: World, waited: Send
) -> None:
    await hear("jobs", finished())
    await outside.fault("smtp", "refuse", 5)
    for attempt, pause in enumerate((1, 2, 5, 10, 30), 1):
        await waited()
        await dispatcher.once("email")
        row = await delivery(world)
        assert (row["status"], row["attempts"], row["lease"]) == ("waiting", attempt, None)
        assert row["last_error"] == "The mail server said 451 try again later"
        assert pause - 1 < row["pause"] <= pause
    assert await dispatcher.once("email") == 0, "not before its pause is over"
    await waited()
    await dispatcher.once("email")
    row = await delivery(world)
    assert (row["status"], row["attempts"], row["last_error"]) == ("delivered", 6, None)
    assert len(outside.mails()) == 1


@pytest.mark.parametrize(("endpoint", "said"), [("smtp", "554 never"), ("smtp_recipient", "550 5.1.1")])
async def test_a_mail_refused_for_good_is_given_up_at_once(
    hear: Hear, send: Send, outside: Outside, world: World, endpoint: str, said: str
) -> None:
    await outside.fault(endpoint, "reject")
    await hear("jobs", finished())
    await send()
    row = await delivery(world)
    assert (row["status"], row["attempts"]) == ("given_up", 1)
    assert said in row["last_error"]
    assert await world.announced("notifications") == ["notifications.delivery.given_up.v1"]


async def test_one_refused_mail_stops_no_other(
    hear: Hear, send: Send, outside: Outside, waited: Send
) -> None:
    await outside.fault("smtp", "refuse", 3)
    await hear("jobs", *(finished(n) for n in range(20)))
    await send()
    assert len(outside.mails()) == 17
    await waited()
    await send()
    assert len(outside.mails()) == 20


async def test_mails_wait_while_the_mail_server_is_away(
    hear: Hear, sender: Sender, outside: Outside, world: World, waited: Send
) -> None:
    await hear("jobs", finished())
    await send_all(sender(smtp_url=f"smtp://127.0.0.1:{free_port()}"))
    row = await delivery(world)
    assert row["status"] == "waiting"
    assert "Connect" in row["last_error"]
    await waited()
    await send_all(sender())
    assert len(outside.mails()) == 1


async def test_mails_wait_while_no_mail_server_is_set(hear: Hear, sender: Sender, world: World) -> None:
    await hear("jobs", finished())
    await send_all(sender(smtp_url=""))
    row = await delivery(world)
    assert (row["status"], row["last_error"]) == ("waiting", "SMTP_URL is not set.")


async def test_a_silent_mail_server_is_not_waited_for(
    hear: Hear, sender: Sender, outside: Outside, world: World, waited: Send
) -> None:
    await outside.fault("smtp", "hang", seconds=2)
    await hear("jobs", finished())
    await send_all(sender(timeout=0.3))
    row = await delivery(world)
    assert row["status"] == "waiting"
    assert "Timeout" in row["last_error"]
    await waited()
    await send_all(sender())
    assert (await delivery(world))["status"] == "delivered"


class Strict:
    """A mail server that wants a name and a password, and hangs up when told."""

    def __init__(self) -> None:
        self.logins: list[tuple[bytes, bytes]] = []
        self.received = 0
        self.open: list[Any] = []

    def authenticate(self, server: SMTP, *args: Any) -> AuthResult:
        given: LoginPassword = args[-1]
        self.logins.append((given.login, given.password))
        return AuthResult(success=given.password == b"pass/word", handled=False)

    async def handle_DATA(self, server: Any, _: Any, __: Any) -> str:  # noqa: N802
        self.received += 1
        self.open.append(server.transport)
        return "250 kept"


@pytest.fixture
async def strict() -> AsyncIterator[tuple[Strict, int]]:
    handler = Strict()

    def protocol() -> SMTP:
        return SMTP(
            handler,
            authenticator=handler.authenticate,
            auth_require_tls=False,
            hostname="strict",
        )

    server = await asyncio.get_running_loop().create_server(protocol, "127.0.0.1", 0)
    yield handler, server.sockets[0].getsockname()[1]
    server.close()


async def test_the_mail_server_is_given_name_and_password_of_the_url(
    hear: Hear, sender: Sender, strict: tuple[Strict, int], world: World
) -> None:
    handler, port = strict
    await hear("jobs", finished())
    await send_all(sender(smtp_url=f"smtp://jobs%40mg.example.org:pass%2Fword@127.0.0.1:{port}"))
    assert (await delivery(world))["status"] == "delivered"
    assert handler.logins == [(b"jobs@mg.example.org", b"pass/word")]


async def test_a_wrong_password_is_the_operators_and_no_mail_is_given_up_for_it(
    hear: Hear, sender: Sender, strict: tuple[Strict, int], world: World
) -> None:
    _, port = strict
    await hear("jobs", finished())
    await send_all(sender(smtp_url=f"smtp://jobs:wrong@127.0.0.1:{port}"))
    row = await delivery(world)
    assert row["status"] == "waiting"
    assert "535" in row["last_error"]


async def test_a_kept_connection_that_the_server_closed_loses_nothing(
    hear: Hear, sender: Sender, strict: tuple[Strict, int], waited: Send
) -> None:
    handler, port = strict
    dispatcher: Dispatcher = sender(smtp_url=f"smtp://jobs:pass%2Fword@127.0.0.1:{port}")
    await hear("jobs", finished(1))
    await send_all(dispatcher)
    await hear("jobs", finished(2))
    await send_all(dispatcher)
    assert len(handler.logins) == 1, "the second mail goes over the first one's connection"
    for transport in handler.open:
        transport.abort()
    await hear("jobs", finished(3))
    for _ in range(2):
        await send_all(dispatcher)
        await waited()
    assert handler.received == 3
