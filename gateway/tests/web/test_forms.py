"""Forms: who may send them, from where, and what becomes of what was filled in (I19)."""

import re
from html import unescape
from typing import Any

import httpx
import pytest

from ..addresses import ONE, WORK
from ..conftest import Csrf, Neighbours, refused, token

FORMS = [
    ("/settings/", {"fullname": "Rosa"}),
    ("/logout/", {}),
    (f"{WORK}run-jobs/", {"backend": "tpp", "requested_actions": ["extract"]}),
    (f"{WORK}notifications-toggle/", {"should_notify": "True"}),
    (f"{WORK}archive-toggle/", {"is_archived": "True"}),
    (f"{ONE}cancel/", {}),
    (f"{ONE}aaaabbbbccccdddd/cancel/", {}),
]


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


@pytest.mark.parametrize(("path", "fields"), FORMS, ids=str)
async def test_a_form_from_another_site_changes_nothing(
    rosa: httpx.AsyncClient, neighbours: Neighbours, csrf: Csrf, path: str, fields: dict[str, Any]
) -> None:
    right = await token(rosa, csrf)
    neighbours.asked.clear()
    answer = await rosa.post(path, data={**fields, "csrf": right}, headers={"Origin": "https://evil.test"})
    assert answer.status_code == 400
    assert neighbours.asked == []


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
        (f"{WORK}run-jobs/", {"key": "k" * 32}, "backend"),
        ("/settings/", {"fullname": ""}, "fullname"),
        ("/enter-your-name/", {"partial": "p", "name": ""}, "name"),
    ):
        page = (await rosa.post(path, data={"csrf": right, **fields})).text
        assert "<title>Error: " in page
        assert 'role="alert" tabindex="-1" id="errors" autofocus' in page
        assert f'<li><a href="#{field}">' in page
        assert f'id="{field}"' in page


@pytest.mark.parametrize("body", [b"\xff=\xfe", b"--x\r\nbroken", b"a=" + b"b&" * 5000])
async def test_a_body_that_is_no_form_is_the_callers_mistake(site: httpx.AsyncClient, body: bytes) -> None:
    for kind in ("application/x-www-form-urlencoded", "multipart/form-data; boundary=x", "text/plain"):
        answer = await site.post("/enter-your-name/", content=body, headers={"Content-Type": kind})
        assert answer.status_code < 500
