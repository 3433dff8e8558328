"""Logging in and out, and one's own settings (I15, I17, I18)."""

import httpx
import msgspec
import pytest
from clients.identity import LoginFinished, LoginStarted
from starlette.responses import Response

from ..addresses import WORK
from ..conftest import Csrf, Neighbours, refused, token


@pytest.mark.parametrize("path", ["/settings/", f"{WORK}run-jobs/", f"{WORK}run-jobs/?request=7"])
async def test_who_is_not_logged_in_is_sent_to_the_log_in_and_back(
    site: httpx.AsyncClient, path: str
) -> None:
    answer = await site.get(path)
    assert answer.status_code == 302
    there = httpx.URL(answer.headers["location"])
    assert (there.path, there.params["next"]) == ("/login/", path)


@pytest.mark.parametrize(
    "target",
    ["//evil.test/", "https://evil.test", "/\\evil.test", "javascript:alert(1)", "/a\r\nSet-Cookie: x=1", ""],
)
async def test_nobody_is_sent_away_after_logging_in(
    site: httpx.AsyncClient, rosa: httpx.AsyncClient, neighbours: Neighbours, target: str
) -> None:
    assert (await rosa.get("/login/", params={"next": target})).headers["location"] == "/"
    rosa.cookies.clear()
    assert 'name="next" value="/"' in (await site.get("/login/", params={"next": target})).text
    neighbours.answers["POST identity/logins"] = LoginStarted(
        authorize_url="https://github.test/", browser="b"
    )
    await site.post("/login/github/", data={"next": target})
    assert neighbours.sent[-1]["next"] == "/"
    neighbours.answers["POST identity/logins/finish"] = LoginFinished(session="s", next=target)
    answer = await site.get("/complete/github/?state=s&code=c")
    assert answer.headers["location"] == "/"


async def test_the_session_is_a_cookie_that_no_script_reads(
    site: httpx.AsyncClient, neighbours: Neighbours
) -> None:
    neighbours.answers["POST identity/logins/finish"] = LoginFinished(session="secret", next=WORK)
    answer = await site.get("/complete/github/?state=s&code=c")
    assert answer.headers["location"] == WORK
    [cookie] = [c for c in answer.headers.get_list("set-cookie") if c.startswith("session_80=")]
    assert "HttpOnly" in cookie
    assert "SameSite=lax" in cookie
    assert "Domain" not in cookie


async def test_a_refused_log_in_says_why(site: httpx.AsyncClient, neighbours: Neighbours) -> None:
    neighbours.answers["POST identity/logins/finish"] = refused(status=409)
    answer = await site.get("/complete/github/?state=s&code=c", follow_redirects=True)
    assert "No &amp; no." in answer.text
    answer = await site.get("/complete/github/?error=denied&error_description=<b>", follow_redirects=True)
    assert "GitHub did not log you in: &lt;b&gt;." in answer.text
    assert "did not log you in" not in (await site.get("/")).text, "said once"


async def test_a_name_that_is_missing_is_asked_for(site: httpx.AsyncClient, neighbours: Neighbours) -> None:
    neighbours.answers["POST identity/logins/finish"] = LoginFinished(partial="p&1")
    answer = await site.get("/complete/github/?state=s&code=c", follow_redirects=True)
    assert 'name="partial" value="p&amp;1"' in answer.text
    neighbours.answers["POST identity/logins/name"] = refused()
    answer = await site.post("/enter-your-name/", data={"partial": "p&1", "name": " <b> "})
    assert (answer.status_code, "&lt;b&gt;" in answer.text) == (400, True)
    neighbours.answers["POST identity/logins/name"] = LoginFinished(session="s", next="/")
    assert (await site.post("/enter-your-name/", data={"partial": "p", "name": "N"})).status_code == 303


async def test_ones_own_settings_are_changed_one_at_a_time(
    rosa: httpx.AsyncClient, neighbours: Neighbours, csrf: Csrf
) -> None:
    right = await token(rosa, csrf)
    neighbours.answers |= {
        "PATCH identity/account": Response(b"", 204),
        "DELETE identity/account/sessions/2": Response(b"", 204),
        "POST identity/account/login-token": {"token": "one two three"},
    }
    page = await rosa.post("/settings/", data={"csrf": right, "fullname": "R."}, follow_redirects=True)
    assert "Your settings were saved." in page.text
    page = await rosa.post("/settings/", data={"csrf": right, "end_session": "2"}, follow_redirects=True)
    assert "That session has ended." in page.text
    page = await rosa.post("/settings/", data={"csrf": right, "token": "1"})
    assert "<code>one two three</code>" in page.text
    assert "one two three" not in (await rosa.get("/settings/")).text, "shown once"
    neighbours.answers["PATCH identity/account"] = refused()
    page = await rosa.post("/settings/", data={"csrf": right, "fullname": "R."})
    assert (page.status_code, "No &amp; no." in page.text) == (400, True)
    neighbours.asked.clear()
    page = await rosa.post("/settings/", data={"csrf": right, "fullname": " "})
    assert (page.status_code, "Enter your full name." in page.text) == (400, True)
    assert "PATCH identity/account" not in neighbours.asked, "what the form knows is not asked"
    neighbours.answers["POST identity/account/login-token"] = refused(status=403)
    assert (await rosa.post("/settings/", data={"csrf": right, "token": "1"})).status_code == 403


async def test_a_name_that_was_changed_meanwhile_is_shown_beside_what_was_entered(
    rosa: httpx.AsyncClient, neighbours: Neighbours, csrf: Csrf
) -> None:
    fields = {"csrf": await token(rosa, csrf), "fullname": "Mine", "version": "4"}
    body = {"detail": "Changed meanwhile.", "now": {"fullname": "<Theirs>", "version": "5"}}
    conflict = Response(msgspec.json.encode(body), 409, media_type="application/problem+json")
    neighbours.answers["PATCH identity/account"] = conflict
    page = await rosa.post("/settings/", data=fields)
    assert page.status_code == 409
    assert neighbours.sent[-2] == {"fullname": "Mine", "version": 4}
    assert "Changed meanwhile." in page.text
    assert "Now: <strong>&lt;Theirs&gt;</strong>" in page.text
    assert 'value="Mine"' in page.text
    assert 'name="version" value="5"' in page.text, "sent again it replaces theirs"


async def test_who_logs_out_is_out(rosa: httpx.AsyncClient, neighbours: Neighbours, csrf: Csrf) -> None:
    right = await token(rosa, csrf)
    neighbours.answers["POST identity/sessions/end"] = Response(b"", 204)
    answer = await rosa.post("/logout/", data={"csrf": right})
    assert neighbours.sent[-1] == {"token": "rosa-session"}
    [cookie] = answer.headers.get_list("set-cookie")
    assert cookie.startswith('session_80="";')
    assert "Max-Age=0" in cookie
