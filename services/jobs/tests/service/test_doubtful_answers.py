"""After a lost answer nothing is believed but what the controller confirms (J20, RAP22, RAP23)."""

from datetime import timedelta

import httpx
import pytest
from contracts.projects import WorkspaceState
from contracts.troubles import TROUBLES
from jobs.models import JobRequest
from jobs.rap import client as rap_client
from jobs.rap.dispatcher import Dispatcher
from kit import clock
from testkit.world import World

from .conftest import Due, Made, Projects
from .test_dispatching import FINISHED, REFUSED, look, raps_there


async def test_a_race_that_answers_unknown_error_is_settled_by_the_status(
    waiting: JobRequest, dispatcher: Dispatcher, world: World, control: httpx.AsyncClient, due: Due
) -> None:
    await control.post("/faults/create_after", json={"kind": "drop"})
    await dispatcher.once()
    await due()
    await control.post("/faults/race", json={"times": 1})
    await dispatcher.once()
    row = await look(world, waiting)
    assert (row["state"], row["status"]) == ("accepted", "pending")
    assert REFUSED not in await world.announced("jobs")


@pytest.mark.parametrize("kind", ["garbage", "html", "500", "drop", "refuse"])
async def test_a_refusal_after_a_lost_answer_waits_while_the_status_cannot_be_had(
    made: Made,
    head: str,
    dispatcher: Dispatcher,
    world: World,
    control: httpx.AsyncClient,
    due: Due,
    kind: str,
) -> None:
    request = await made.request(sha=head, submission="waiting", requested_actions=["no_such_action"])
    await control.post("/faults/create", json={"kind": "drop"})
    await dispatcher.once()
    await due()
    await control.post("/faults/status", json={"kind": kind})
    await dispatcher.once()
    row = await look(world, request)
    assert (row["state"], row["status"]) == ("waiting", "unknown_error_creating_jobs")


async def test_an_unknown_id_just_after_a_lost_answer_is_not_believed_yet(
    made: Made, head: str, dispatcher: Dispatcher, world: World, control: httpx.AsyncClient, due: Due
) -> None:
    request = await made.request(sha=head, submission="waiting", requested_actions=["no_such_action"])
    await control.post("/faults/create", json={"kind": "drop"})
    await dispatcher.once()
    await due()
    await dispatcher.once()
    row = await look(world, request)
    assert (row["state"], row["attempts"]) == ("waiting", 2)
    assert "no_such_action" in row["last_error"]
    await world.rows("jobs", "update submissions set unclear_at = unclear_at - interval '2 minutes'")
    await due()
    await dispatcher.once()
    row = await look(world, request)
    assert (row["state"], row["status"]) == ("refused", "failed")
    assert row["status_message"] == "Action 'no_such_action' not found in project.yaml"


async def test_a_wrong_token_is_our_fault_and_not_the_researchers(
    waiting: JobRequest,
    dispatcher: Dispatcher,
    world: World,
    outside: str,
    due: Due,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    wrong = rap_client.RapClient(f"{outside}/rap/controller/v1/", "wrong")
    right = dispatcher._rap
    monkeypatch.setattr(dispatcher, "_rap", wrong)
    await dispatcher.once()
    await wrong.close()
    row = await look(world, waiting)
    assert (row["state"], row["unclear_at"]) == ("waiting", None)
    monkeypatch.setattr(dispatcher, "_rap", right)
    await due()
    await dispatcher.once()
    assert (await look(world, waiting))["state"] == "accepted"


async def test_while_projects_is_away_the_submission_waits_and_its_scope_is_asked_at_send_time(
    waiting: JobRequest,
    dispatcher: Dispatcher,
    world: World,
    projects: Projects,
    control: httpx.AsyncClient,
    due: Due,
) -> None:
    projects.away = True
    await dispatcher.once()
    assert (await look(world, waiting))["body"] is None
    assert not await raps_there(control, waiting)
    projects.away = False
    projects.scope = {"population_permissions": ["include_t1oo"], "dataset_permissions": ["appointments"]}
    await due()
    await dispatcher.once()
    [rap] = await raps_there(control, waiting)
    assert '"analysis_scope": {"population_permissions": ["include_t1oo"]' in rap["body"]


async def test_the_body_of_a_later_try_is_that_of_the_first(
    waiting: JobRequest,
    dispatcher: Dispatcher,
    world: World,
    projects: Projects,
    control: httpx.AsyncClient,
    due: Due,
) -> None:
    projects.scope = {"dataset_permissions": ["icnarc"]}
    await control.post("/faults/create", json={"kind": "drop"})
    await dispatcher.once()
    projects.scope = {}
    await due()
    await dispatcher.once()
    [rap] = await raps_there(control, waiting)
    assert "icnarc" in rap["body"]
    assert projects.asked == ["scope"]


async def test_a_request_whose_workspace_is_not_known_yet_waits(
    made: Made, dispatcher: Dispatcher, world: World, head: str, due: Due
) -> None:
    request = await made.request(
        sha=head,
        workspace_id=7,
        workspace="heard-of-later",
        submission="waiting",
        requested_actions=["measures_monthly"],
    )
    await dispatcher.once()
    row = await look(world, request)
    assert (row["state"], row["body"]) == ("waiting", None)
    later = WorkspaceState(
        id=7,
        version=1,
        name="later",
        project_id=1,
        repo_url="https://github.com/opensafely/demo-study",
        branch="main",
    )
    await made.known(later=later)
    await due()
    await dispatcher.once()
    assert (await look(world, request))["state"] == "accepted"


async def past_the_deadline(monkeypatch: pytest.MonkeyPatch) -> None:
    real = clock.now
    monkeypatch.setattr(clock, "now", lambda: real() + timedelta(hours=25))


async def test_after_the_deadline_a_request_that_was_never_answered_has_failed(
    waiting: JobRequest,
    dispatcher: Dispatcher,
    world: World,
    control: httpx.AsyncClient,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    await past_the_deadline(monkeypatch)
    await control.post("/faults/create", json={"kind": "html"})
    await dispatcher.once()
    row = await look(world, waiting)
    assert (row["state"], row["status"]) == ("refused", "failed")
    assert row["status_message"] == TROUBLES["controller_silent"].text
    assert await world.announced("jobs") == [REFUSED, FINISHED]


async def test_jobs_that_were_made_count_even_after_the_deadline(
    waiting: JobRequest,
    dispatcher: Dispatcher,
    world: World,
    control: httpx.AsyncClient,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    await past_the_deadline(monkeypatch)
    await control.post("/faults/create_after", json={"kind": "html"})
    await dispatcher.once()
    row = await look(world, waiting)
    assert (row["state"], row["status"]) == ("accepted", "pending")


async def test_one_bad_request_does_not_hold_up_the_others(
    made: Made, head: str, dispatcher: Dispatcher, world: World
) -> None:
    bad = await made.request(1, sha=head, workspace_id=99, submission="waiting")
    good = await made.request(
        2, sha=head, workspace="good", submission="waiting", requested_actions=["measures_monthly"]
    )
    await dispatcher.once()
    assert (await look(world, bad))["state"] == "waiting"
    assert (await look(world, good))["state"] == "accepted"
