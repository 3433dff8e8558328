"""Forms: who may send them, from where, and what becomes of what was filled in."""

import re
from collections.abc import Callable
from html import unescape
from typing import Any

import httpx
import msgspec
import pytest
from clients.identity import LoginFinished, LoginStarted
from starlette.responses import Response

from . import samples
from .conftest import Neighbours

WORK, ONE = "/study/study-ws/", "/study/study-ws/7/"
Csrf = Callable[[str], str]
FORMS = [
    ("/settings/", {"fullname": "Rosa"}),
    ("/logout/", {}),
    (f"{WORK}run-jobs/", {"backend": "tpp", "requested_actions": ["extract"]}),
    (f"{WORK}notifications-toggle/", {"should_notify": "True"}),
    (f"{WORK}archive-toggle/", {"is_archived": "True"}),
    (f"{ONE}cancel/", {}),
    (f"{ONE}aaaabbbbccccdddd/cancel/", {}),
]


def refused(fields: dict[str, list[str]] | None = None, status: int = 400) -> Response:
    body = {"detail": "No & no.", "fields": fields or {}}
    return Response(msgspec.json.encode(body), status, media_type="application/problem+json")


async def token(rosa: httpx.AsyncClient, csrf: Csrf) -> str:
    return csrf((await rosa.get("/settings/")).text)


@pytest.mark.parametrize(("path", "fields"), FORMS, ids=str)
async def test_a_form_without_its_token_changes_nothing(
    rosa: httpx.AsyncClient, neighbours: Neighbours, path: str, fields: dict[str, Any]
) -> None:
    for sent in ({}, {"csrf": "0" * 64}, {"csrf": ""}):
        answer = await rosa.post(path, data={**fields, **sent})
        assert (answer.status_code, "has expired" in answer.text) == (400, True)
    assert [asked for asked in neighbours.asked if not asked.startswith("GET")] == []


def kept(page: str) -> dict[str, list[str]]:
    """The fields of the form on the page that offers to send it once more."""
    form = page[page.index('<div class="card narrow">') :]
    found: dict[str, list[str]] = {}
    for name, value in re.findall(r'<input type="hidden" name="([^"]*)" value="([^"]*)">', form):
        found.setdefault(unescape(name), []).append(unescape(value))
    return found


@pytest.mark.parametrize(("path", "fields"), FORMS, ids=str)
async def test_what_was_filled_in_survives_a_session_that_has_ended(
    rosa: httpx.AsyncClient, neighbours: Neighbours, csrf: Csrf, path: str, fields: dict[str, Any]
) -> None:
    """Sent too late, it can be sent once more, word for word, by somebody who is logged in."""
    fields = fields | {"key": "k" * 32, "sha": "5" * 40, "odd": '"<&>é'}
    wanted = {name: value if isinstance(value, list) else [value] for name, value in fields.items()}
    late = await rosa.post(path, data={**fields, "csrf": "0" * 64})
    assert late.status_code == 400
    again = kept(late.text)
    assert again.pop("csrf") == [await token(rosa, csrf)]
    assert again == wanted
    assert f'action="{path}"' in late.text
    rosa.cookies.clear()
    gone = await rosa.post(path, data=fields)
    if path == "/logout/":
        assert gone.status_code == 303
        return
    assert gone.status_code == 401
    again = kept(gone.text)
    again.pop("csrf")
    assert again == wanted
    assert "Log in" in gone.text


@pytest.mark.parametrize("status", [503, 429])
@pytest.mark.parametrize(("path", "fields"), FORMS, ids=str)
async def test_what_was_filled_in_survives_a_service_that_is_away(
    rosa: httpx.AsyncClient,
    neighbours: Neighbours,
    csrf: Csrf,
    path: str,
    fields: dict[str, Any],
    status: int,
) -> None:
    right = await token(rosa, csrf)
    fields = fields | {"key": "k" * 32}
    wanted = {name: value if isinstance(value, list) else [value] for name, value in fields.items()}
    neighbours.away = status
    answer = await rosa.post(path, data={**fields, "csrf": right})
    assert answer.status_code == status
    again = kept(answer.text)
    assert again.pop("csrf") == [right]
    assert again == wanted
    assert f'action="{path}"' in answer.text
    assert "counts once" in answer.text


async def test_who_somebody_is_cannot_be_asked_and_the_form_is_kept(
    gateway_app: Any, rosa: httpx.AsyncClient, neighbours: Neighbours, csrf: Csrf
) -> None:
    right = await token(rosa, csrf)
    gateway_app[0].callers.forget_everybody()
    neighbours.away = 503
    answer = await rosa.post("/settings/", data={"fullname": "Rosa", "csrf": right})
    assert answer.status_code == 503
    assert kept(answer.text) == {"csrf": [right], "fullname": ["Rosa"]}
    assert "Log in, in a new tab" not in answer.text


async def test_a_form_with_a_mistake_comes_back_at_its_own_commit_and_with_its_key(
    rosa: httpx.AsyncClient, neighbours: Neighbours, csrf: Csrf
) -> None:
    """What was shown is what runs, also when the branch has moved meanwhile."""
    neighbours.answers["POST jobs/workspaces/study-ws/job-requests"] = refused({"backend": ["Choose."]})
    fields = {
        "csrf": await token(rosa, csrf),
        "key": "k" * 32,
        "sha": samples.SHA,
        "requested_actions": ["extract"],
        "will_notify": "yes",
        "force_run_dependencies": "yes",
    }
    answer = await rosa.post(f"{WORK}run-jobs/", data=fields)
    assert answer.status_code == 400
    assert f"ref={samples.SHA}" in neighbours.queries[-1]
    assert f'action="{WORK}run-jobs/{samples.SHA}/"' in answer.text
    assert f'name="key" value="{"k" * 32}"' in answer.text


@pytest.mark.parametrize(("path", "fields"), FORMS, ids=str)
async def test_a_form_from_another_site_changes_nothing(
    rosa: httpx.AsyncClient, neighbours: Neighbours, csrf: Csrf, path: str, fields: dict[str, Any]
) -> None:
    right = await token(rosa, csrf)
    neighbours.asked.clear()
    answer = await rosa.post(path, data={**fields, "csrf": right}, headers={"Origin": "https://evil.test"})
    assert answer.status_code == 400
    assert neighbours.asked == []


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


async def test_jobs_are_asked_for_as_the_form_says(
    rosa: httpx.AsyncClient, neighbours: Neighbours, csrf: Csrf
) -> None:
    neighbours.answers["POST jobs/workspaces/study-ws/job-requests"] = {"id": 8}
    fields = {
        "csrf": await token(rosa, csrf),
        "key": "k" * 32,
        "sha": samples.SHA,
        "backend": "tpp",
        "requested_actions": ["extract", "tables"],
        "will_notify": "yes",
        "force_run_dependencies": "yes",
    }
    answer = await rosa.post(f"{WORK}run-jobs/", data=fields)
    assert (answer.status_code, answer.headers["location"]) == (303, f"{WORK}8/")
    assert neighbours.sent[-1] == {
        "backend": "tpp",
        "requested_actions": ["extract", "tables"],
        "sha": samples.SHA,
        "force_run_dependencies": True,
        "will_notify": True,
        "key": "k" * 32,
    }
    said = neighbours.callers[-1]
    assert (said.kind, said.user and said.user.username) == ("session", "rosa")


async def test_what_was_chosen_is_kept_when_something_is_wrong(
    rosa: httpx.AsyncClient, neighbours: Neighbours, csrf: Csrf
) -> None:
    faults = {"backend": ["Choose a <b>."], "requested_actions": ["Tick one."]}
    neighbours.answers["POST jobs/workspaces/study-ws/job-requests"] = refused(faults)
    fields = {"csrf": await token(rosa, csrf), "key": "k" * 32, "sha": samples.SHA, "will_notify": "yes"}
    fields |= {"requested_actions": ["describe", "tables"], "force_run_dependencies": "yes"}  # type: ignore[dict-item]
    page = await rosa.post(f"{WORK}run-jobs/", data=fields)
    assert page.status_code == 400
    assert "Choose a &lt;b&gt;." in page.text
    assert "Tick one." in page.text
    assert 'value="describe" checked' in page.text
    assert 'value="tables" checked' in page.text
    assert 'value="extract" checked' not in page.text
    assert 'name="key" value="' + "k" * 32 in page.text, "the same form, so that it makes one request"
    assert 'name="force_run_dependencies" value="yes" checked' in page.text
    assert 'name="will_notify" value="yes" checked' in page.text


async def test_a_form_with_a_mistake_says_so_first(
    rosa: httpx.AsyncClient, neighbours: Neighbours, csrf: Csrf
) -> None:
    """In its title, and in a summary that takes the focus and leads to the field."""
    right = await token(rosa, csrf)
    wrong = refused({"backend": ["Choose."]})
    neighbours.answers |= {
        "POST jobs/workspaces/study-ws/job-requests": wrong,
        "PATCH identity/account": refused(),
        "POST identity/logins/name": refused(),
    }
    for path, fields, field in (
        (f"{WORK}run-jobs/", {"key": "k" * 32}, "where"),
        ("/settings/", {"fullname": ""}, "fullname"),
        ("/enter-your-name/", {"partial": "p", "name": ""}, "name"),
    ):
        page = (await rosa.post(path, data={"csrf": right, **fields})).text
        assert "<title>Error: " in page
        assert 'role="alert" tabindex="-1" id="errors" autofocus' in page
        assert f'<li><a href="#{field}">' in page
        assert f'id="{field}"' in page


async def test_without_a_script_another_backend_is_looked_at_with_the_same_ticks(
    rosa: httpx.AsyncClient, neighbours: Neighbours, csrf: Csrf
) -> None:
    fields = {"csrf": await token(rosa, csrf), "key": "k" * 32, "sha": samples.SHA, "backend": "emis"}
    fields |= {"requested_actions": ["describe"], "will_notify": "yes", "look": "yes"}  # type: ignore[dict-item]
    answer = await rosa.post(f"{WORK}run-jobs/", data=fields)
    assert answer.status_code == 200
    assert "backend=emis" in neighbours.queries[-1]
    assert f"ref={samples.SHA}" in neighbours.queries[-1]
    assert 'value="describe" checked' in answer.text
    assert 'name="will_notify" value="yes" checked' in answer.text
    assert f'name="key" value="{"k" * 32}"' in answer.text
    assert not [asked for asked in neighbours.asked if asked.startswith("POST jobs")]


async def test_what_cannot_be_run_is_said_on_the_page(
    rosa: httpx.AsyncClient, neighbours: Neighbours, csrf: Csrf
) -> None:
    neighbours.answers["GET jobs/workspaces/study-ws/run-form"] = samples.run_form(
        sha=None, actions=[], problem="No <b>", problem_line=3, commit_at=None
    )
    page = await rosa.get(f"{WORK}run-jobs/")
    assert "No &lt;b&gt;" in page.text
    assert "project.yaml, line 3" in page.text
    assert "run-submit" not in page.text
    neighbours.answers["GET jobs/workspaces/study-ws/run-form"] = refused(status=409)
    answer = await rosa.get(f"{WORK}run-jobs/")
    assert (answer.status_code, answer.headers["location"]) == (303, WORK)


async def test_cancelling_says_what_was_asked_for(
    rosa: httpx.AsyncClient, neighbours: Neighbours, csrf: Csrf
) -> None:
    right = await token(rosa, csrf)
    neighbours.answers["POST jobs/job-requests/7/cancellation"] = {"actions": ["model", "report"]}
    page = await rosa.post(f"{ONE}cancel/", data={"csrf": right}, follow_redirects=True)
    assert "Asked for 2 jobs in request 7 to be cancelled." in page.text
    assert neighbours.sent[-1] == {"actions": None}
    await rosa.post(f"{ONE}dddd/cancel/", data={"csrf": right})
    assert neighbours.sent[-1] == {"actions": ["model"]}
    neighbours.answers["POST jobs/job-requests/7/cancellation"] = refused(status=409)
    page = await rosa.post(f"{ONE}cancel/", data={"csrf": right}, follow_redirects=True)
    assert "No &amp; no." in page.text


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
    page = await rosa.post("/settings/", data={"csrf": right, "fullname": ""})
    assert (page.status_code, "No &amp; no." in page.text) == (400, True)
    neighbours.answers["POST identity/account/login-token"] = refused(status=403)
    assert (await rosa.post("/settings/", data={"csrf": right, "token": "1"})).status_code == 403


async def test_who_logs_out_is_out(rosa: httpx.AsyncClient, neighbours: Neighbours, csrf: Csrf) -> None:
    right = await token(rosa, csrf)
    neighbours.answers["POST identity/sessions/end"] = Response(b"", 204)
    answer = await rosa.post("/logout/", data={"csrf": right})
    assert neighbours.sent[-1] == {"token": "rosa-session"}
    [cookie] = answer.headers.get_list("set-cookie")
    assert cookie.startswith('session_80="";')
    assert "Max-Age=0" in cookie


async def test_switches_of_a_workspace(rosa: httpx.AsyncClient, neighbours: Neighbours, csrf: Csrf) -> None:
    right = await token(rosa, csrf)
    neighbours.answers["PATCH projects/workspaces/study-ws"] = Response(b"", 204)
    for path, field, sent in (
        ("notifications-toggle", "should_notify", True),
        ("archive-toggle", "is_archived", True),
        ("archive-toggle", "is_archived", False),
    ):
        data = {"csrf": right, field: "True" if sent else ""}
        answer = await rosa.post(f"{WORK}{path}/", data=data)
        assert answer.headers["location"] == WORK
        assert neighbours.sent[-1] == {field: sent}


@pytest.mark.parametrize("body", [b"\xff=\xfe", b"--x\r\nbroken", b"a=" + b"b&" * 5000])
async def test_a_body_that_is_no_form_is_the_callers_mistake(site: httpx.AsyncClient, body: bytes) -> None:
    for kind in ("application/x-www-form-urlencoded", "multipart/form-data; boundary=x", "text/plain"):
        answer = await site.post("/enter-your-name/", content=body, headers={"Content-Type": kind})
        assert answer.status_code < 500


async def test_running_again_says_what_has_changed_meanwhile(
    rosa: httpx.AsyncClient, neighbours: Neighbours
) -> None:
    form = neighbours.answers["GET jobs/workspaces/study-ws/run-form"]
    neighbours.answers["GET jobs/workspaces/study-ws/run-form"] = msgspec.structs.replace(
        form, sha="d" * 40, commits_since=3, backends=[], selected_backend=None
    )
    page = (await rosa.get(f"{WORK}run-jobs/?again=failed&request=7")).text
    assert "3 commits since request 7" in page
    assert f'href="{WORK}run-jobs/{samples.SHA}/?again=failed&amp;request=7"' in page
    assert "which you may not use" in page
