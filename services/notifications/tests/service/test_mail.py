"""Mail over real SMTP: what it says, and what happens when the server does not want it."""

import asyncio
from collections.abc import AsyncIterator
from typing import Any

import pytest
from aiosmtpd.smtp import SMTP, AuthResult, LoginPassword
from contracts.identity import LoginTokenUsed
from contracts.jobs import TOLD, FinishedJob
from launcher.embedded.child import free_port
from messaging.envelope import encode
from messaging.uow import LARGEST
from notifications.dispatcher import Dispatcher
from testkit.world import World

from .conftest import ROSA, Hear, Outside, Send, Sender, finished, send_all, step


async def delivery(world: World) -> dict[str, Any]:
    [row] = await world.rows(
        "notifications",
        "select *, extract(epoch from next_attempt_at - now())::float as pause from deliveries",
    )
    return dict(row)


async def test_a_finished_run_is_told_as_text_and_as_html(hear: Hear, send: Send, outside: Outside) -> None:
    await hear("jobs", finished(41))
    await send()
    [mail] = outside.mails()
    assert mail["Subject"] == "succeeded: [os demo-workspace] report"
    assert mail["From"] == "notifications@jobs.opensafely.org"
    assert mail["To"] == "rosa@example.org"
    assert mail["Reply-To"] == "OpenSAFELY Team <team@opensafely.org>"
    assert mail["Message-ID"] == "<delivery-job_request.41.finished@jobs.test>"
    assert mail["Auto-Submitted"] == "auto-generated"
    assert mail["Date"]
    for kind in ("plain", "html"):
        part = mail.get_body((kind,))
        assert part is not None
        body = part.get_content()
        for fact in ("Dear Rosa", "demo-workspace", "tpp", "succeeded", "report", "Done", "61", "41"):
            assert fact in body, (kind, fact)
        assert "http://jobs.test/job-requests/41/" in body


async def test_the_largest_request_is_one_mail_of_a_size_that_arrives(
    hear: Hear, send: Send, outside: Outside
) -> None:
    """2,191 actions, of which as many are named as an announcement has, each message at its bound."""
    jobs = [
        FinishedJob(
            identifier=f"{n:016}",
            action=f"generate_study_population_{n:04}_of_a_long_name",
            status="failed",
            status_code="nonzero_exit",
            status_message="é" * 250,
            seconds=90_000,
        )
        for n in range(TOLD)
    ]
    largest = finished(41, status="failed", jobs=jobs, counts={"failed": 220, "succeeded": 1_971})
    assert len(encode("jobs", largest)[2]) < LARGEST
    await hear("jobs", largest, times=2)
    await send()
    [mail] = outside.mails()
    assert mail["Subject"] == "failed: [os demo-workspace] 220 failed, 1971 succeeded"
    text = mail.get_body(("plain",)).get_content()  # type: ignore[union-attr]
    assert jobs[-1].action in text
    assert "1991 more" in text or "1,991 more" in text
    assert len(mail.as_bytes()) < 1_000_000


async def test_names_cannot_break_out_of_a_mail(
    hear: Hear, send: Send, outside: Outside, world: World
) -> None:
    await world.rows("identity", "update users set fullname = '<b>Rosa</b> & \"co\"' where username = 'rosa'")
    await hear("jobs", finished(status="failed", status_message="<script>alert(1)</script>"))
    await send()
    [mail] = outside.mails()
    text, html = (mail.get_body((kind,)).get_content() for kind in ("plain", "html"))  # type: ignore[union-attr]
    assert "<script>" not in html
    assert "<b>Rosa" not in html
    assert '<b>Rosa</b> & "co"' in text


async def test_a_subject_cannot_begin_another_header(hear: Hear, send: Send, outside: Outside) -> None:
    for number, end in enumerate(["\r\n", "\n", "\r", "\x0b", "\x85", "\u2028"]):
        action = f"report{end}Bcc: mallory@example.org{end}{end}Hello"
        odd = FinishedJob(identifier="a", action=action, status="succeeded")
        await hear("jobs", finished(number, jobs=[odd]))
        request = f"01{end}Bcc: mallory@example.org"
        await hear("releases", step(number, "rejected", request=request))
    await send()
    for mail in outside.mails():
        assert mail["Bcc"] is None
        assert "Bcc: mallory@example.org" in mail["Subject"]
    assert outside.recipients() == ["rosa@example.org"] * 12


async def test_an_address_that_is_more_or_less_than_one_is_given_up(
    hear: Hear, send: Send, outside: Outside, world: World
) -> None:
    odd = [
        "rosa@example.org, m@example.org",
        "rosa@example.org\r\nBcc: m@example.org",
        "nonsense@",
        "@",
        "<>",
    ]
    for number, address in enumerate(odd):
        await world.rows("identity", "update users set email = $1 where username = 'rosa'", address)
        await hear("jobs", finished(number))
        await send()
    assert not outside.mails()
    found = await world.rows("notifications", "select status, last_error from deliveries")
    assert {tuple(row) for row in found} == {("given_up", "This person's e-mail address is not one.")}
    assert len(found) == len(odd)


async def test_words_of_every_language_and_length_arrive(
    hear: Hear, send: Send, outside: Outside, world: World
) -> None:
    await world.rows("identity", "update users set fullname = 'Žofie 李 🦉' where username = 'rosa'")
    long = "ä" * 3000 + " end"
    await hear("jobs", finished(status="failed", status_message=long))
    await send()
    body = outside.mails()[0].get_body(("plain",))
    assert body is not None
    assert "Dear Žofie 李 🦉" in body.get_content()
    assert long in body.get_content()


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


async def test_the_mail_about_a_token_says_whose_and_what_to_do(
    hear: Hear, send: Send, outside: Outside
) -> None:
    await hear("identity", LoginTokenUsed(user_id=ROSA))
    await send()
    [mail] = outside.mails()
    assert mail["Reply-To"] == "OpenSAFELY Team <team@opensafely.org>"
    body = mail.get_body(("plain",))
    assert body is not None
    assert "account rosa" in body.get_content()
    assert "contact tech support" in body.get_content()
