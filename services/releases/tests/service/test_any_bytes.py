"""Whatever a caller sends in Airlock's calls is a 2xx or a 4xx with a sentence, never an accident."""

import base64
import copy
import itertools
import json
from typing import Any
from urllib.parse import quote

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from .conftest import RELEASE, Airlock, People, listed, release_of

CSV = ("output/a.csv", b"a,b\n1,2\n")
ODD = [
    "\0",
    "\ud800",
    "\udfff x",
    "é",
    "日",
    '"',
    "\\",
    "\n",
    "\x85",
    "..",
    "a/../b",
    "\u202e",
    "😀",
    " ",
    "%00",
    "{}",
]
TEXTS = st.one_of(
    st.sampled_from(ODD), st.text(max_size=30), st.text(max_size=3).map(lambda text: text * 400)
)
VALUES = st.recursive(
    st.one_of(
        *(st.none(), st.booleans(), TEXTS, st.integers(), st.integers(min_value=2**62), st.floats()),
        st.sampled_from(["0001-01-01T00:00:00+14:00", "2026-13-01", 10**30, -1]),
    ),
    lambda inner: st.one_of(st.lists(inner, max_size=3), st.dictionaries(TEXTS, inner, max_size=3)),
    max_leaves=6,
)
NUMBERS = itertools.count()
MANY = settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
EVENT = {
    "event_type": "request_submitted",
    "workspace": "study-ws",
    "request": RELEASE,
    "request_author": "rosa",
    "user": "otis",
    "updates": [{"update": "x", "group": "g", "user": "otis"}],
    "org": "org",
    "repo": "repo",
}
CALLS: dict[str, dict[str, Any]] = {
    "releases/authenticate": {"user": "jane", "token": "a b c"},
    "releases/authorise": {"user": "jane"},
    "releases/workspace/study-ws": release_of(listed(*CSV)),
    "airlock/events/": EVENT,
}


def places(value: Any, path: tuple[Any, ...] = ()) -> list[tuple[Any, ...]]:
    inner = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    return [path, *(place for key, item in inner for place in places(item, (*path, key)))]


def changed(body: Any, path: tuple[Any, ...], value: Any) -> Any:
    if not path:
        return value
    body = copy.deepcopy(body)
    inner = body
    for key in path[:-1]:
        inner = inner[key]
    inner[path[-1]] = value
    return body


@MANY
@given(data=st.data(), call=st.sampled_from(sorted(CALLS)), value=VALUES)
async def test_any_value_in_any_place_of_a_body(
    airlock: Airlock, people: People, data: st.DataObject, call: str, value: Any
) -> None:
    """Whatever is wrong, the answer is an object (A11)."""
    body = changed(CALLS[call], data.draw(st.sampled_from(places(CALLS[call]))), value)
    answer = await airlock.post(call, content=json.dumps(body).encode())
    assert answer.status_code < 500, (call, body, answer.text)
    assert isinstance(answer.json(), dict)


@MANY
@given(call=st.sampled_from(sorted(CALLS)), raw=st.binary(max_size=200), form=st.booleans())
async def test_any_bytes_as_a_body(
    airlock: Airlock, people: People, call: str, raw: bytes, form: bool
) -> None:
    kind = "application/x-www-form-urlencoded" if form else "application/json"
    for content in (raw, b"user=" + raw + b"&token=" + raw, b'{"user":"' + raw + b'"}'):
        answer = await airlock.post(call, content=content, headers={"Content-Type": kind})
        assert answer.status_code < 500, (call, content, answer.text)


@MANY
@given(name=st.one_of(st.binary(max_size=60), TEXTS.map(lambda text: text.encode(errors="replace"))))
async def test_any_bytes_as_a_disposition(airlock: Airlock, name: bytes) -> None:
    await airlock.create(CSV)
    for disposition in (name, b'attachment; filename="' + name + b'"', b"attachment; filename=" + name):
        answer = await airlock.upload("", CSV[1], disposition=disposition)
        assert answer.status_code in {201, 400}, (disposition, answer.text)
        headers = {"X-Raw-Disposition": base64.b64encode(disposition)[:-1].decode()}
        assert (await airlock.upload("", CSV[1], headers=headers)).status_code in {201, 400}


@MANY
@given(name=TEXTS, content=st.binary(max_size=100))
async def test_any_name_that_may_be_listed_can_be_uploaded(
    airlock: Airlock, name: str, content: bytes
) -> None:
    """What is accepted at create is accepted at upload: nothing waits for ever."""
    release = RELEASE[:-6] + f"{next(NUMBERS):06}"
    body = release_of({**listed("x", content), "name": name}, release=release)
    made = await airlock.post("releases/workspace/study-ws", content=json.dumps(body).encode())
    assert made.status_code in {201, 400}, (name, made.text)
    if made.status_code == 201:
        done = await airlock.upload(name, content, release=release)
        assert done.status_code == 201 or "already been uploaded" in done.text, (name, done.text)


@MANY
@given(segment=TEXTS.map(lambda text: quote(text.encode(errors="replace"), safe="")))
async def test_any_text_as_a_segment_of_the_address(airlock: Airlock, segment: str) -> None:
    for path in (f"releases/workspace/{segment}", f"releases/release/{segment}", f"releases/file/{segment}"):
        for method in ("GET", "POST"):
            answer = await airlock.client.request(
                method, f"/api/v2/{path}", headers=airlock.says(), content=b"{}"
            )
            assert answer.status_code < 500, (method, path, answer.text)
