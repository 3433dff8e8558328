"""What Airlock's events say of a release: who reviewed it, and that it will not come."""

import io
import zipfile
from typing import Any

import pytest
from contracts.identity import UserState
from messaging.replicas import write
from messaging.uow import Units
from releases import replicas
from testkit.world import World

from .conftest import RELEASE, Airlock
from .known import OTIS
from .test_events import trace


async def test_the_reviewers_of_a_release_come_from_its_events(
    airlock: Airlock, world: World, units: Units, ask: Any
) -> None:
    await airlock.create(("a.csv", b"x"))
    async with units() as uow:
        later = UserState(id=3, version=2, username="olga", fullname="Olga Later")
        await write(uow.session, replicas.USERS, [later])
    for kind, user in (
        ("request_submitted", "rosa"),
        ("request_partially_reviewed", "otis"),
        ("request_reviewed", "olga"),
        ("request_reviewed", "olga"),
        ("request_approved", "olga"),
    ):
        await airlock.event(kind, user=user, headers=trace())
    found = (await ask(f"/releases/{RELEASE}", OTIS)).json()
    assert found["reviewers"] == [
        {"username": "otis", "fullname": "Otis Example"},
        {"username": "olga", "fullname": "Olga Later"},
    ]


async def test_reviewers_are_those_of_the_round_that_was_approved(airlock: Airlock, ask: Any) -> None:
    await airlock.create(("a.csv", b"x"))

    async def reviewers() -> list[str]:
        found = (await ask(f"/releases/{RELEASE}", OTIS)).json()
        return [one["username"] for one in found["reviewers"]]

    for kind, user in (
        ("request_submitted", "rosa"),
        ("request_partially_reviewed", "otis"),
        ("request_reviewed", "olga"),
        ("request_returned", "olga"),
        ("request_resubmitted", "rosa"),
        ("request_partially_reviewed", "olga"),
    ):
        await airlock.event(kind, user=user, headers=trace())
    assert await reviewers() == []
    await airlock.event("request_approved", user="olga", headers=trace())
    await airlock.event("request_released", user="olga", headers=trace())
    assert await reviewers() == ["olga"]


@pytest.mark.parametrize("ended", ["request_withdrawn", "request_rejected"])
async def test_a_request_that_ended_otherwise_leaves_nothing_to_wait_for(
    airlock: Airlock, ask: Any, ended: str
) -> None:
    await airlock.create(("a.csv", b"x"), ("b.csv", b"y"))
    await airlock.event("request_approved", user="olga", headers=trace())
    await airlock.event(ended, user="rosa", headers=trace())
    assert (await ask("/workspaces/study-ws/releases")).json() == []
    assert (await ask(f"/releases/{RELEASE}", OTIS)).status_code == 404
    await airlock.upload("a.csv", b"x")
    [row] = (await ask("/workspaces/study-ws/releases", OTIS)).json()
    assert (row["number"], row["file_count"], row["uploaded_count"]) == (1, 1, 1)
    found = (await ask(f"/releases/{RELEASE}", OTIS)).json()
    assert [file["name"] for file in found["files"]] == ["a.csv"]
    with zipfile.ZipFile(io.BytesIO((await ask(f"/releases/{RELEASE}/archive", OTIS)).content)) as archive:
        assert b"b.csv: not released: the request was withdrawn or rejected" in archive.read(
            "NOT-INCLUDED.txt"
        )


async def test_what_never_arrives_hides_no_file_of_an_earlier_release(airlock: Airlock, ask: Any) -> None:
    """The index of a workspace has the newest file of each name."""
    earlier = RELEASE[:-1] + "A"
    await airlock.create(("a.csv", b"x"), release=earlier)
    first = (await airlock.upload("a.csv", b"x", release=earlier)).headers["File-Id"]
    await airlock.create(("a.csv", b"y"))
    await airlock.event("request_withdrawn", user="rosa", headers=trace())
    files = (await ask("/api/v2/releases/workspace/study-ws", OTIS)).json()["files"]
    assert [file["id"] for file in files] == [first]
