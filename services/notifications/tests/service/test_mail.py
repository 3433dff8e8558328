"""Mail over real SMTP: what it says, and what happens when the server does not want it (N3 to N6)."""

from contracts.identity import LoginTokenUsed
from contracts.jobs import TOLD, FinishedJob
from messaging.envelope import encode
from messaging.uow import LARGEST
from testkit.world import World

from .conftest import ROSA, Hear, Outside, Send, finished, step


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
