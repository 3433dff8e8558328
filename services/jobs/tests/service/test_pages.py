"""What pages are made of (J48 to J55)."""

from datetime import UTC, datetime, timedelta
from typing import Any

import httpx
import pytest
from clients.jobs import JobsClient
from contracts.identity import BackendState
from jobs.rap.sync import Sync
from kit import clock
from kit.errors import NotFound, PermissionDenied, Unauthenticated
from testkit.plugin import Speak
from testkit.world import World, person

from .conftest import Made, job
from .test_sync import answer

AT = datetime(2026, 11, 24, 9, 0, tzinfo=UTC)


def ran(request: Any, action: str, minutes: int, **more: Any) -> dict[str, Any]:
    """A job that began at nine and succeeded after so many minutes."""
    ended = (AT + timedelta(minutes=minutes)).isoformat()
    return job(request, action, "succeeded", completed_at=ended, **more)


async def test_a_request_page_comes_in_one_answer(made: Made, speak: Speak) -> None:
    before = await made.request(1, sha="1" * 40)
    broken = await made.request(2, sha="2" * 40)
    request = await made.request(3)
    sync = Sync(made.units)
    await sync.apply(answer(ran(before, "a", 10), job(broken, "a", "failed")))
    jobs = [
        job(request, "a", "running", metrics={"cpu_mean": 9.5, "container_id": "c"}),
        job(request, "b", "pending"),
        job(request, "c", "failed", status_code="nonzero_exit", status_message="Job exited with an error"),
    ]
    await sync.apply(answer(*jobs))
    found = await JobsClient(speak(by=person(1, "rosa", roles=["OutputChecker"]))).request(request.id)
    assert (found.status, found.submitting, found.rap_id) == ("running", False, request.rap_id)
    assert found.backend.name == "TPP"
    assert [one.action for one in found.jobs] == ["a", "c", "b"], "by start, those not begun last"
    assert found.jobs[0].metrics == {"cpu_mean": 9.5, "container_id": "c"}
    assert found.jobs[0].expected_seconds == 600
    assert found.previous is not None
    assert found.previous.id == broken.id
    assert found.previous_succeeded is not None
    assert (found.previous_succeeded.id, found.previous_succeeded.sha) == (before.id, "1" * 40)
    assert found.waiting_or_running_here == 2


async def test_metrics_are_for_people_with_a_role(made: Made, speak: Speak) -> None:
    request = await made.request()
    await Sync(made.units).apply(answer(job(request, metrics={"cpu_mean": 9.5})))
    for who, sees in (
        (None, False),
        (person(1, "rosa"), False),
        (person(1, "rosa", projects={"ProjectCollaborator": [9]}), True),
    ):
        client = JobsClient(speak(by=who) if who else speak())
        assert ((await client.request(request.id)).jobs[0].metrics is not None) is sees


async def test_updates_are_missing_after_half_an_hour(made: Made, speak: Speak) -> None:
    """J36"""
    request, fresh, over = [await made.request(number) for number in range(3)]
    long_ago = (datetime.now(UTC) - timedelta(minutes=31)).isoformat()
    just_now = datetime.now(UTC).isoformat()
    await Sync(made.units).apply(
        answer(
            job(request, updated_at=long_ago),
            job(fresh, updated_at=just_now),
            job(over, status="failed", updated_at=long_ago),
        )
    )
    client = JobsClient(speak())
    assert (await client.request(request.id)).missing_updates
    assert not (await client.request(fresh.id)).missing_updates
    assert not (await client.request(over.id)).missing_updates


async def test_a_previous_success_has_jobs_and_all_of_them_succeeded(made: Made, speak: Speak) -> None:
    """J54"""
    empty = await made.request(1, status="succeeded")
    odd = await made.request(2)
    await Sync(made.units).apply(answer(ran(odd, "a", 1), job(odd, "b", "0")))
    request = await made.request(3)
    other_place = await made.request(4, backend="test")
    client = JobsClient(speak())
    assert (await client.request(request.id)).previous_succeeded is None
    assert (await client.request(other_place.id)).previous is None
    assert empty.id < odd.id


@pytest.mark.parametrize("path", ["/job-requests/{}", "/job-requests/{}/definition"])
async def test_an_unknown_request_is_not_found(speak: Speak, path: str) -> None:
    for number in (0, -1, 999_999):
        with pytest.raises(NotFound):
            await speak().get(path.format(number))


async def test_a_number_that_no_request_can_have_is_refused(url: str, world: World, made: Made) -> None:
    statement = {"x-job-server-identity": world.signer().sign(kind="anonymous")}
    async with httpx.AsyncClient(base_url=url, headers=statement) as client:
        for path in (f"/job-requests/{2**70}", "/job-requests/x", f"/job-requests/{2**70}/definition"):
            assert (await client.get(path)).status_code in {400, 404}
        assert (await client.get("/job-refs", params={"identifier": "../x"})).status_code == 400
        assert (await client.post("/last-activity", json={"workspaces": "x"})).status_code == 400
        assert (await client.post("/last-activity", json={"workspaces": ["a\0"]})).status_code == 400


async def test_a_job_is_found_by_its_whole_identifier(made: Made, speak: Speak) -> None:
    """The beginning of one is enough on the page of its request only, which has them all (J51)."""
    one = await made.request(1)
    await Sync(made.units).apply(answer(job(one, "a", identifier="abcd000000000000")))
    client = JobsClient(speak())
    found = await client.job("abcd000000000000")
    assert (found.request_id, found.workspace, found.project_slug) == (
        one.id,
        "demo-workspace",
        "demo-project",
    )
    for identifier in ("abcd", "zzzz000000000000"):
        with pytest.raises(NotFound):
            await client.job(identifier)


async def test_search_finds_requests_by_number_and_jobs_by_their_beginning(made: Made, speak: Speak) -> None:
    request = await made.request()
    await Sync(made.units).apply(answer(job(request, "model", identifier="abcd000000000000")))
    client = JobsClient(speak())
    assert [(hit.kind, hit.key) for hit in await client.search(str(request.id))] == [
        ("request", str(request.id))
    ]
    assert [hit.key for hit in await client.search("ABCD")] == ["abcd000000000000"]
    for nothing in ("abc", "zzzzz", "abc%", "9" * 40, "ü"):
        assert await client.search(nothing) == []


async def test_home_shows_the_newest_on_active_backends_and_ones_own(made: Made, speak: Speak) -> None:
    await made.known(old=BackendState(id=3, version=1, slug="old", name="Old", is_active=False))
    shown = [(await made.request(number)).id for number in range(12)]
    await made.request(50, backend="old")
    ravis = await made.request(51, created_by_id=2)
    home = await JobsClient(speak(by=person(1, "rosa"))).home()
    assert [row.id for row in home.everybody] == [ravis.id, *sorted(shown, reverse=True)[:9]]
    assert [row.id for row in home.mine] == sorted(shown, reverse=True)[:5]
    assert (await JobsClient(speak()).home()).mine == []


async def test_a_workspace_shows_the_newest_result_of_each_action(made: Made, speak: Speak) -> None:
    old, new = await made.request(1), await made.request(2)
    sync = Sync(made.units)
    await sync.apply(answer(job(old, "a", "failed", created_at="2026-11-24T08:00:00Z")))
    await sync.apply(answer(job(new, "a", "running", created_at="2026-11-24T10:00:00Z"), job(new, "b")))
    found = await JobsClient(speak()).workspace("demo-workspace")
    assert [(one.action, one.status, one.request_id) for one in found.actions] == [
        ("a", "running", new.id),
        ("b", "running", new.id),
    ]
    assert found.actions[0].history == ["failed", "running"]
    assert [row.id for row in found.current] == [new.id]
    assert [row.id for row in found.recent] == [new.id, old.id]
    empty = await JobsClient(speak()).workspace("nosuch")
    assert (empty.actions, empty.current, empty.recent) == ([], [], [])


async def test_last_activity_is_answered_for_many_workspaces_at_once(made: Made, speak: Speak) -> None:
    await made.request(1)
    newest = await made.request(2)
    found = await JobsClient(speak()).last_activity(["demo-workspace", "nosuch"])
    assert found == {"demo-workspace": newest.created_at}
    assert await JobsClient(speak()).last_activity([]) == {}


async def test_the_public_statuses_are_those_of_the_newest_jobs(
    made: Made, world: World, url: str, speak: Speak
) -> None:
    tpp, test = await made.request(1), await made.request(2, backend="test")
    sync = Sync(made.units)
    await sync.apply(
        answer(
            job(tpp, "a", "succeeded", created_at="2026-11-24T08:00:00Z"),
            job(tpp, "b", "failed", created_at="2026-11-24T08:00:00Z"),
            job(test, "a", "running", created_at="2026-11-24T10:00:00Z"),
        )
    )
    statement = {"x-job-server-identity": world.signer().sign(kind="anonymous")}
    async with httpx.AsyncClient(base_url=url, headers=statement) as client:
        path = "/api/v2/workspaces/demo-workspace/statuses/"
        assert (await client.get(path)).json() == {"a": "running", "b": "failed"}
        assert (await client.get(path, params={"backend": "tpp"})).json() == {"a": "succeeded", "b": "failed"}
        assert (await client.get(path, params={"backend": "nosuch"})).json() == {}
        unknown = await client.get("/api/v2/workspaces/nosuch/statuses/")
        assert (unknown.status_code, unknown.content) == (404, b"")
        assert (await client.post(path)).status_code == 405
        assert (await client.get("/api/v2/workspaces/%00/statuses/")).status_code in {400, 404}
        for gone in ("job-requests", "jobs"):
            for method in ("GET", "POST"):
                answered = await client.request(method, f"/api/v2/{gone}/")
                assert answered.status_code == 410
                assert answered.json()["detail"]


async def test_a_workspace_that_never_ran_has_no_statuses(made: Made, speak: Speak) -> None:
    answered = await speak().get("/api/v2/workspaces/demo-workspace/statuses/")
    assert answered.body == b"{}"


@pytest.mark.parametrize(
    "path", ["/job-requests", "/home", "/backends", "/api/v2/workspaces/demo-workspace/statuses/"]
)
async def test_without_a_statement_there_is_no_answer(url: str, made: Made, path: str) -> None:
    async with httpx.AsyncClient(base_url=url) as client:
        assert (await client.get(path)).status_code == 401


def test_refusals_have_the_statuses_that_pages_expect() -> None:
    assert (Unauthenticated.status, PermissionDenied.status, NotFound.status) == (401, 403, 404)


async def test_search_finds_a_commit_a_rap_id_and_actions(made: Made, speak: Speak) -> None:
    request = await made.request(sha="abcdef0" + "1" * 33)
    await Sync(made.units).apply(answer(job(request, "model_of_sleep")))
    client = JobsClient(speak())
    for text in (request.rap_id, "abcdef0", "ABCDEF01"):
        assert [(hit.kind, hit.key) for hit in await client.search(text)] == [("request", str(request.id))]
    assert [(hit.kind, hit.key) for hit in await client.search("L_of")] == [("action", "model_of_sleep")]
    assert await client.search("abcdef") == [], "six signs are not enough for a commit"


async def test_home_tells_what_failed_since_and_what_waits(made: Made, speak: Speak, world: World) -> None:
    old, new, waiting, of_another = [await made.request(n) for n in range(1, 5)]
    await world.rows("jobs", "update job_requests set status = 'failed', completed_at = now()")
    await world.rows(
        "jobs",
        "update job_requests set completed_at = now() - interval '2 days' where id = $1",
        old.id,
    )
    await world.rows(
        "jobs",
        "update job_requests set status = 'pending', completed_at = null where id = $1",
        waiting.id,
    )
    await world.rows("jobs", "update job_requests set created_by_id = 2 where id = $1", of_another.id)
    client = JobsClient(speak(by=person(1, "rosa")))
    home = await client.home(clock.now() - timedelta(days=1))
    assert [row.id for row in home.failed] == [new.id]
    assert [row.id for row in home.waiting] == [waiting.id]
    nobody = await JobsClient(speak()).home(clock.now() - timedelta(days=9))
    assert (nobody.failed, nobody.waiting) == ([], [])
