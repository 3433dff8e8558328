"""What Airlock tells of release requests is kept once and announced once."""

import asyncio
import secrets
from typing import Any

import asyncpg
import orjson
import pytest
from testkit.world import World

from .conftest import RELEASE, Airlock
from .known import OTIS, STUDY

TYPES = [
    "request_submitted",
    "request_resubmitted",
    "request_partially_reviewed",
    "request_reviewed",
    "request_returned",
    "request_rejected",
    "request_withdrawn",
]
RECEIVED = "releases.airlock_event.received.v1"
OK = (201, b'{"status":"ok"}')


def trace() -> dict[str, str]:
    return {"traceparent": f"00-{secrets.token_hex(16)}-{secrets.token_hex(8)}-01"}


async def told(world: World) -> list[dict[str, Any]]:
    """What was announced of events."""
    rows = await world.rows("releases", "select body from outbox where subject = $1 order by id", RECEIVED)
    return [orjson.loads(row["body"])["data"] for row in rows]


async def kept(world: World) -> list[asyncpg.Record]:
    return await world.rows("releases", "select * from airlock_events order by id")


@pytest.mark.parametrize("kind", TYPES)
async def test_an_event_is_kept_and_announced(airlock: Airlock, world: World, kind: str) -> None:
    """A29: nobody has been told yet."""
    headers = trace()
    answer = await airlock.event(kind, org="ebmdatalab", repo="outputs", headers=headers)
    assert (answer.status_code, answer.content) == OK
    assert answer.headers["Content-Type"] == "application/json"
    [row] = await kept(world)
    assert (row["event_type"], row["request"], row["backend"]) == (kind, RELEASE, "tpp")
    assert (row["user_id"], row["traceparent"]) == (OTIS.user_id, headers["traceparent"])
    assert orjson.loads(row["body"])["org"] == "ebmdatalab"
    assert await told(world) == [
        {
            "airlock_event_id": row["id"],
            "event_type": kind,
            "workspace": "study-ws",
            "project_id": STUDY,
            "request": RELEASE,
            "request_author_id": 1,
            "user_id": 2,
            "updates": [],
            "org": "ebmdatalab",
            "repo": "outputs",
        }
    ]


@pytest.mark.parametrize("kind", ["request_approved", "request_released"])
async def test_an_event_about_a_release_needs_the_release(airlock: Airlock, world: World, kind: str) -> None:
    answer = await airlock.event(kind)
    assert (answer.status_code, answer.json()) == (
        201,
        {"status": "error", "message": "Release matching query does not exist."},
    )
    await airlock.create(("a.csv", b"x"))
    updates = [{"update": "1 file will be uploaded"}]
    answer = await airlock.event(kind, updates=updates)
    assert (answer.status_code, answer.content) == OK
    [event] = await told(world)
    assert event["updates"] == updates


async def test_the_type_is_matched_in_any_case(airlock: Airlock, world: World) -> None:
    assert ((await airlock.event("REQUEST_Submitted")).content) == OK[1]
    assert [event["event_type"] for event in await told(world)] == ["request_submitted"]


async def test_organisation_and_repository_may_be_left_out(airlock: Airlock, world: World) -> None:
    await airlock.event("request_submitted")
    [event] = await told(world)
    assert (event.get("org"), event.get("repo")) == (None, None)


async def test_the_same_call_again_is_kept_and_announced_once(airlock: Airlock, world: World) -> None:
    headers = trace()
    for _ in range(3):
        answer = await airlock.event("request_returned", headers=headers)
        assert (answer.status_code, answer.content) == OK
    assert len(await kept(world)) == 1
    assert len(await told(world)) == 1


async def test_the_same_call_several_times_at_once_is_announced_once(airlock: Airlock, world: World) -> None:
    headers = trace()
    answers = await asyncio.gather(*(airlock.event("request_returned", headers=headers) for _ in range(5)))
    assert {(answer.status_code, answer.content) for answer in answers} == {OK}
    assert len(await kept(world)) == 1
    assert len(await told(world)) == 1


async def test_the_same_words_in_another_call_are_another_event(airlock: Airlock, world: World) -> None:
    """A request may be returned twice, and both events have the same body then."""
    for _ in range(2):
        await airlock.event("request_returned", headers=trace())
    assert len(await told(world)) == 2


@pytest.mark.parametrize("value", ["", "nonsense", "x" * 8000, "00-" + "0" * 32])
async def test_a_trace_that_is_none_does_not_fold_events(airlock: Airlock, world: World, value: str) -> None:
    for _ in range(2):
        answer = await airlock.event("request_returned", headers={"traceparent": value})
        assert (answer.status_code, answer.content) == OK
    assert len(await told(world)) == 2


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"event_type": "request_eaten"}, "Unknown event type 'REQUEST_EATEN'"),
        ({"user": "ghost"}, "User 'ghost' does not exist"),
        ({"request_author": "ghost"}, "User 'ghost' does not exist"),
        ({"workspace": "nowhere"}, "Workspace 'nowhere' does not exist"),
    ],
)
async def test_what_is_unknown_is_an_error_that_airlock_can_log(
    airlock: Airlock, world: World, change: dict[str, str], message: str
) -> None:
    answer = await airlock.event(**({"event_type": "request_submitted"} | change))
    assert (answer.status_code, answer.json()) == (201, {"status": "error", "message": message})
    assert await told(world) == []


@pytest.mark.parametrize(
    "change",
    [
        *({name: None} for name in ("event_type", "workspace", "request", "request_author", "user")),
        {"event_type": 5},
        {"workspace": ["study-ws"]},
        {"user": {"name": "otis"}},
        {"request": ""},
        {"request": "x" * 5000},
        {"updates": "many"},
        {"updates": ["one"]},
        {"updates": {"update": "x"}},
        {"org": {"a": 1}},
        {"repo": ["a"]},
        {"org": 5, "repo": True},
    ],
    ids=str,
)
async def test_nonsense_is_an_error_in_the_answer_and_never_a_failure(
    airlock: Airlock, world: World, change: dict[str, Any]
) -> None:
    """Anything but 201 is a page of error for Airlock's user."""
    answer = await airlock.event(**({"event_type": "request_submitted"} | change))
    said = answer.json()
    assert (answer.status_code, said["status"]) == (201, "error")
    assert said["message"]
    assert await told(world) == []


async def test_an_event_without_anything_is_an_error_in_the_answer(airlock: Airlock) -> None:
    answer = await airlock.post("airlock/events/", json={})
    assert (answer.status_code, answer.json()["status"]) == (201, "error")


@pytest.mark.parametrize(
    "raw", [b"{", b"\xff", b"[]", b'{"user": "a\\u0000"}', b'{"a":' * 900 + b"1" + b"}" * 900]
)
async def test_what_cannot_be_read_is_refused(airlock: Airlock, raw: bytes) -> None:
    answer = await airlock.post("airlock/events/", content=raw)
    assert answer.status_code == 400
    assert isinstance(answer.json()["detail"], str)


async def test_an_event_larger_than_a_message_may_be_is_refused(airlock: Airlock, world: World) -> None:
    """It would stop the relay for everybody: the broker takes a megabyte at most (A32)."""
    updates = [{"update": "x" * 1000}] * 1200
    answer = await airlock.event("request_submitted", updates=updates)
    assert answer.status_code == 400
    assert await told(world) == []


@pytest.mark.parametrize(
    ("statement", "text"),
    [
        ({"kind": "anonymous"}, "Authorization header is missing"),
        ({"kind": "anonymous", "reason": "empty"}, "Authorization header is empty"),
        ({"kind": "failed", "reason": "invalid_token"}, "Invalid token"),
        ({"kind": "session", "user": OTIS}, "Authorization header is missing"),
    ],
)
async def test_only_a_backend_tells_of_events(
    airlock: Airlock, world: World, statement: dict[str, Any], text: str
) -> None:
    headers = {"x-job-server-identity": world.signer().sign(**statement)}
    answer = await airlock.client.post("/api/v2/airlock/events/", headers=headers, content=b"{")
    assert (answer.status_code, answer.json()) == (403, {"detail": text})


async def test_the_named_user_counts_and_not_the_acting_one(airlock: Airlock, world: World) -> None:
    """OS-User is not looked at, and no permission is asked (A28)."""
    for acting in (None, OTIS):
        answer = await airlock.post(
            "airlock/events/",
            acting=acting,
            json={
                "event_type": "request_withdrawn",
                "workspace": "study-ws",
                "request": RELEASE,
                "request_author": "rosa",
                "user": "rosa",
            },
        )
        assert (answer.status_code, answer.content) == OK
    assert [event["user_id"] for event in await told(world)] == [1, 1]


async def test_another_method_is_refused(airlock: Airlock) -> None:
    answer = await airlock.client.get("/api/v2/airlock/events/", headers=airlock.says())
    assert (answer.status_code, answer.json()) == (405, {"detail": 'Method "GET" not allowed.'})


async def test_a_failed_write_announces_nothing(airlock: Airlock, world: World) -> None:
    await world.rows("releases", "alter table releases.outbox add constraint full_up check (false) not valid")
    try:
        assert (await airlock.event("request_submitted", headers=trace())).status_code == 500
    finally:
        await world.rows("releases", "alter table releases.outbox drop constraint full_up")
    assert await kept(world) == []
    assert (await airlock.event("request_submitted")).status_code == 201


async def test_a_kept_event_can_neither_be_changed_nor_removed(airlock: Airlock, world: World) -> None:
    await airlock.event("request_submitted")
    connection = await asyncpg.connect(world.url("releases"))
    try:
        for statement in (
            "update airlock_events set user_id = 3",
            "delete from airlock_events",
            "truncate airlock_events",
        ):
            with pytest.raises(asyncpg.InsufficientPrivilegeError):
                await connection.execute(statement)
    finally:
        await connection.close()


@pytest.mark.parametrize(
    ("org", "repo"),
    [("..", "issues"), ("org", "../user"), ("org/x", "r"), ("org", "r?x"), ("ö", "r"), ("-", "r")],
)
async def test_an_organisation_or_repository_that_github_does_not_allow_is_refused(
    airlock: Airlock, world: World, org: str, repo: str
) -> None:
    answer = await airlock.event("request_submitted", org=org, repo=repo, headers=trace())
    assert answer.status_code == 201
    assert answer.json() == {"status": "error", "message": f"GitHub has no repository '{org}/{repo}'"}
    assert await world.announced("releases") == []
