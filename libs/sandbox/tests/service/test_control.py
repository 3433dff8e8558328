import asyncio
import time

import httpx
import pytest

from .conftest import RAP_TOKEN, Outside, a_rap

BRANCH = "/github/api/repos/opensafely/demo-study/branches/main"


async def test_the_first_page_leads_to_everything(outside: Outside) -> None:
    page = (await outside.http.get("/")).text
    for path in ("/mailbox", "/github/issues", "/slack", "/rap"):
        assert f'href="{path}"' in page
        assert (await outside.http.get(path)).status_code == 200
    assert (await outside.http.get("/health/ready")).status_code == 200


@pytest.mark.parametrize(
    ("kind", "status"), [("500", 500), ("429", 429), ("html", 502), ("garbage", 200), ("refuse", 401)]
)
async def test_a_fault_strikes_as_often_as_told_and_nobody_else(
    outside: Outside, kind: str, status: int
) -> None:
    await outside.control("faults/github", {"kind": kind, "times": 2})
    assert (await outside.http.post("/opencodelists/api/v1/check/")).status_code == 200
    for _ in range(2):
        answer = await outside.http.get(BRANCH)
        assert answer.status_code == status
        with pytest.raises((ValueError, KeyError)):
            assert answer.json()["name"]
    assert (await outside.http.get(BRANCH)).json()["name"] == "main"


async def test_a_dropped_connection_has_no_answer(outside: Outside) -> None:
    await outside.control("faults/github", {"kind": "drop"})
    with pytest.raises(httpx.RemoteProtocolError):
        await outside.http.get(BRANCH)
    assert (await outside.http.get(BRANCH)).status_code == 200


@pytest.mark.parametrize("kind", ["slow", "hang"])
async def test_a_slow_answer_takes_its_time_and_holds_nobody_up(outside: Outside, kind: str) -> None:
    await outside.control("faults/github", {"kind": kind, "seconds": 0.4})
    began = time.monotonic()
    both = [asyncio.create_task(outside.http.get(BRANCH)) for _ in range(2)]
    await asyncio.wait(both, return_when=asyncio.FIRST_COMPLETED)
    assert (await outside.http.get("/health/live")).status_code == 200
    assert sorted(call.done() for call in both) == [False, True]
    assert [(await call).status_code for call in both] == [200, 200]
    assert time.monotonic() - began >= 0.4


async def test_a_fault_is_taken_back_by_an_empty_one(outside: Outside) -> None:
    await outside.control("faults/github", {"kind": "500", "times": 9})
    await outside.control("faults/github", {})
    assert (await outside.http.get(BRANCH)).status_code == 200


async def test_an_action_told_to_fail_fails_and_the_state_tells_of_it(outside: Outside) -> None:
    await outside.control("speed", {"seconds_per_job": 0.01})
    await outside.control(
        "actions/generate_dataset_adults", {"fail": True, "code": "nonzero_exit", "message": "No."}
    )
    sha = (await outside.http.get(BRANCH)).json()["commit"]["sha"]
    sent = await outside.http.post("/rap/controller/v1/rap/create/", json=a_rap(sha), headers=RAP_TOKEN)
    assert sent.status_code == 201, sent.text
    deadline = time.monotonic() + 20
    while time.monotonic() < deadline:
        [job] = (await outside.state())["jobs"]
        if job["status"] == "failed":
            break
        await asyncio.sleep(0.02)
    assert (job["code"], job["message"]) == ("nonzero_exit", "No.")
    assert isinstance(job["needs"], list)


@pytest.mark.parametrize(
    ("flag", "where"), [({"paused": True}, "paused"), ({"maintenance": True}, "db-maintenance")]
)
async def test_a_backend_can_be_paused_or_put_into_maintenance(
    outside: Outside, flag: dict[str, bool], where: str
) -> None:
    await outside.control("backends/tpp", flag)
    answer = await outside.http.get(
        "/rap/controller/v1/backend/status/", headers={"Authorization": "rap-token"}
    )
    [tpp] = [one for one in answer.json()["backends"] if one["slug"] == "tpp"]
    [test] = [one for one in answer.json()["backends"] if one["slug"] == "test"]
    assert tpp[where.replace("-", "_")]["status"] == "on"
    assert test[where.replace("-", "_")]["status"] == "off"
