"""Run jobs: what is asked for, what comes back with a mistake, and running again."""

import httpx
import msgspec

from .. import samples
from ..addresses import WORK
from ..conftest import Csrf, Neighbours, refused, token


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
