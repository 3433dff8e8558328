"""Slack, mail and OpenCodelists."""

import asyncio
from smtplib import SMTPDataError, SMTPRecipientsRefused, SMTPServerDisconnected
from typing import Any

import httpx
import pytest

from .conftest import Outside, a_mail

TOKEN = {"Authorization": "Bearer xoxb-1"}


async def post(outside: Outside, key: str | None = None, **body: Any) -> httpx.Response:
    payload = {"channel": "#here", "text": "Hello", **body}
    if key:
        payload["metadata"] = {"event_type": "x", "event_payload": {"key": key}}
    return await outside.http.post("/slack/api/chat.postMessage", json=payload, headers=TOKEN)


async def test_what_is_said_on_slack_is_kept_and_shown(outside: Outside) -> None:
    answer = (await post(outside, text="A <b>release</b>")).json()
    assert answer["ok"] is True
    assert answer["ts"]
    [said] = (await outside.state())["slack"]
    assert (said["channel"], said["text"]) == ("here", "A <b>release</b>")
    assert "A &lt;b&gt;release&lt;/b&gt;" in (await outside.http.get("/slack")).text


async def test_slack_takes_forms_too(outside: Outside) -> None:
    form = {"channel": "here", "text": "Hello"}
    answer = await outside.http.post("/slack/api/chat.postMessage", data=form, headers=TOKEN)
    assert answer.json()["ok"] is True


async def test_slack_says_one_thing_once(outside: Outside) -> None:
    for key in ("delivery-1", "delivery-1", "delivery-2"):
        assert (await post(outside, key)).json()["ok"] is True
    assert len((await outside.state())["slack"]) == 2


async def test_slack_wants_a_token(outside: Outside) -> None:
    answer = await outside.http.post("/slack/api/chat.postMessage", json={"channel": "c", "text": "t"})
    assert answer.json() == {"ok": False, "error": "not_authed"}
    assert not (await outside.state())["slack"]


@pytest.mark.parametrize(
    ("missing", "error"), [("channel", "channel_not_found"), ("text", "no_text")], ids=str
)
async def test_slack_refuses_half_a_message_in_its_own_way(
    outside: Outside, missing: str, error: str
) -> None:
    answer = await post(outside, **{missing: ""})
    assert answer.status_code == 200
    assert answer.json() == {"ok": False, "error": error}


async def test_a_mail_is_kept_and_read_in_the_mailbox(outside: Outside) -> None:
    message = a_mail("Your jobs ä", text="All <done>", html="<p>All <b>done</b></p><script>x()</script>")
    await asyncio.to_thread(outside.send, message)
    [mail] = (await outside.http.get("/mailbox/api/messages", params={"to": "rosa@"})).json()
    assert (mail["subject"], mail["recipient"]) == ("Your jobs ä", "rosa@example.org")
    assert mail["text"].strip() == "All <done>"
    assert "Your jobs ä" in (await outside.http.get("/mailbox")).text
    page = (await outside.http.get(f"/mailbox/{mail['id']}")).text
    assert "All &lt;done&gt;" in page
    assert "<iframe sandbox " in page
    assert "<script>" not in page


async def test_equal_message_ids_are_one_mail(outside: Outside) -> None:
    for message_id in ("<a@x>", "<a@x>", "<b@x>"):
        await asyncio.to_thread(outside.send, a_mail(message_id=message_id))
    assert [mail["message_id"] for mail in (await outside.state())["mails"]] == ["<a@x>", "<b@x>"]


async def test_mails_without_a_message_id_are_all_kept(outside: Outside) -> None:
    for subject in ("One", "Two"):
        await asyncio.to_thread(outside.send, a_mail(subject, message_id=None))
    assert [mail["subject"] for mail in (await outside.state())["mails"]] == ["One", "Two"]


async def test_the_mailbox_can_be_emptied_and_says_so(outside: Outside) -> None:
    await asyncio.to_thread(outside.send, a_mail())
    await outside.http.delete("/control/mails")
    assert "Nothing yet" in (await outside.http.get("/mailbox")).text
    assert (await outside.http.get("/mailbox/1")).status_code == 404


@pytest.mark.parametrize(
    ("endpoint", "kind", "refusal", "kept"),
    [
        ("smtp", "refuse", SMTPDataError, 0),
        ("smtp", "reject", SMTPDataError, 0),
        ("smtp_recipient", "refuse", SMTPRecipientsRefused, 0),
        ("smtp_after", "drop", SMTPServerDisconnected, 1),
    ],
)
async def test_the_mail_server_can_misbehave_once(
    outside: Outside, endpoint: str, kind: str, refusal: type[Exception], kept: int
) -> None:
    await outside.control(f"faults/{endpoint}", {"kind": kind, "times": 1})
    with pytest.raises(refusal):
        await asyncio.to_thread(outside.send, a_mail())
    assert len((await outside.state())["mails"]) == kept
    await asyncio.to_thread(outside.send, a_mail())
    assert len((await outside.state())["mails"]) == 1


async def test_codelists_are_up_to_date_unless_told_otherwise(outside: Outside) -> None:
    check = "/opencodelists/api/v1/check/"
    assert (await outside.http.post(check)).json() == {"status": "ok"}
    await outside.control("actions/__codelists__", {"stale": True})
    assert (await outside.http.post(check)).json()["status"] == "error"
