"""Codelists that are stale or cannot be checked stop what reads the database, and only that."""

import httpx
import pytest
from clients.jobs import JobsClient
from contracts.projects import WorkspaceState
from kit.errors import Invalid
from testkit.plugin import Speak

from .conftest import Made
from .submitting import PIPELINE, ROSA, push, submit


async def test_stale_codelists_stop_what_reads_the_database_and_only_that(
    made: Made, speak: Speak, control: httpx.AsyncClient
) -> None:
    await control.post("/actions/__codelists__", json={"stale": True})
    lists = {"codelists/codelists.txt": "", "codelists/codelists.json": "{}"}
    sha = await push(control, {"project.yaml": PIPELINE, **lists, "stale": "1"})
    client = JobsClient(speak(by=ROSA))
    form = await client.run_form("demo-workspace", ref=sha)
    assert not form.codelists_ok
    assert "codelists" in str(form.codelists_message)
    assert {action.name for action in form.actions if action.blocked} == {
        action.name for action in form.actions if action.is_database
    }
    for chosen in (["extract"], ["extract", "tables", "run_all"]):
        with pytest.raises(Invalid) as refusal:
            await submit(client, sha, chosen)
        assert "extract" in refusal.value.extra["fields"]["requested_actions"][0]
    request_id = await submit(client, sha, ["tables"])
    assert not (await client.request(request_id)).codelists_ok


@pytest.mark.parametrize(
    ("files", "ok"),
    [
        ({}, True),
        ({"codelists/codelists.txt": ""}, False),
        ({"codelists/other.csv": ""}, False),
        ({"codelists/codelists.txt": "", "codelists/codelists.json": "{}"}, True),
    ],
)
async def test_which_codelists_are_checked(
    made: Made, speak: Speak, control: httpx.AsyncClient, files: dict[str, str], ok: bool
) -> None:
    repo = f"lists{len(files)}{len(str(files))}"
    sha = await push(control, {"project.yaml": PIPELINE, **files}, repo=repo)
    url = f"https://github.com/opensafely/{repo}"
    lists = WorkspaceState(id=4, version=1, name="lists", project_id=1, repo_url=url, branch="main")
    await made.known(lists=lists)
    assert (await JobsClient(speak(by=ROSA)).run_form("lists", ref=sha)).codelists_ok is ok


@pytest.mark.parametrize("kind", ["500", "html", "garbage", "drop"])
async def test_codelists_that_cannot_be_checked_count_as_stale_until_they_can(
    made: Made, speak: Speak, control: httpx.AsyncClient, kind: str
) -> None:
    lists = {"codelists/codelists.txt": "", "codelists/codelists.json": "{}"}
    sha = await push(control, {"project.yaml": PIPELINE, **lists, "kind": kind})
    client = JobsClient(speak(by=ROSA))
    await control.post("/faults/opencodelists", json={"kind": kind})
    form = await client.run_form("demo-workspace", ref=sha)
    assert not form.codelists_ok
    assert "cannot be checked" in str(form.codelists_message)
    assert (await client.run_form("demo-workspace", ref=sha)).codelists_ok
