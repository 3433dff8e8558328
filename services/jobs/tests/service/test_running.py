"""The run-jobs form: what it shows of a commit, and which commits may be run."""

import httpx
import pytest
from clients.jobs import JobsClient
from contracts.projects import WorkspaceState
from jobs.rap.sync import Sync
from kit.errors import Invalid, NotFound, Unavailable
from messaging.uow import Units
from testkit.plugin import Speak
from testkit.world import person

from .conftest import Made, Projects, job
from .submitting import PIPELINE, REPO, ROSA, push, submit
from .test_sync import answer


async def test_the_form_shows_the_newest_commit_and_its_actions_in_file_order(
    made: Made, speak: Speak, control: httpx.AsyncClient, head: str, units: Units
) -> None:
    request = await made.request()
    await Sync(units).apply(answer(job(request, "report", "failed", status_code="nonzero_exit")))
    form = await JobsClient(speak(by=ROSA)).run_form("demo-workspace")
    assert (form.sha, form.branch, form.problem) == (head, "main", None)
    assert form.commit_message == "Add the sensitivity analysis and the report"
    assert [one.slug for one in form.backends] == ["test", "tpp"]
    assert form.selected_backend == "tpp", "the one that was used last"
    assert (len(form.actions), form.actions[0].name) == (13, "generate_dataset_adults")
    assert form.actions[0].is_database
    assert form.actions[-1].name == "run_all"
    report = form.actions[-2]
    assert report.needs == ["tables_baseline", "figure_rates", "model_primary"]
    assert (report.last_status, report.last_status_code, report.last_request_id) == (
        "failed",
        "nonzero_exit",
        request.id,
    )
    assert form.workspace.project_slug == "demo-project"
    assert form.codelists_ok


async def test_last_results_are_those_of_the_chosen_backend_with_their_commit(
    made: Made, speak: Speak, units: Units
) -> None:
    there = await made.request(1, backend="test", sha="b" * 40)
    here = await made.request(2, backend="tpp", sha="c" * 40)
    await Sync(units).apply(
        answer(job(there, "report", "failed"), job(here, "report", "running"), job(there, "figure_rates"))
    )
    client = JobsClient(speak(by=ROSA))
    found = {
        backend: {
            a.name: (a.last_status, a.last_sha, a.last_request_id) for a in form.actions if a.last_status
        }
        for backend in ("test", "tpp")
        if (form := await client.run_form("demo-workspace", backend=backend))
    }
    assert found == {
        "test": {
            "report": ("failed", "b" * 40, there.id),
            "figure_rates": ("running", "b" * 40, there.id),
        },
        "tpp": {"report": ("running", "c" * 40, here.id)},
    }
    shown = await client.workspace("demo-workspace")
    assert [(a.backend.slug, a.action, a.sha[:1]) for a in shown.actions] == [
        ("test", "figure_rates", "b"),
        ("test", "report", "b"),
        ("tpp", "report", "c"),
    ]


async def test_how_far_the_code_has_moved_is_counted(
    made: Made, speak: Speak, head: str, control: httpx.AsyncClient
) -> None:
    for n in range(3):
        await push(control, {"README.md": f"newer {n}"})
    client = JobsClient(speak(by=ROSA))
    assert (await client.run_form("demo-workspace", since=head)).commits_since == 3
    assert (await client.run_form("demo-workspace", since="0" * 40)).commits_since is None


async def test_a_single_backend_is_chosen_already(made: Made, speak: Speak) -> None:
    one = person(1, "rosa", projects={"ProjectDeveloper": [1]}, backends=["tpp"])
    assert (await JobsClient(speak(by=one)).run_form("demo-workspace")).selected_backend == "tpp"
    named = await JobsClient(speak(by=one)).run_form("demo-workspace", backend="test")
    assert named.selected_backend is None, "another is not chosen in the place of one that is not open"
    both = JobsClient(speak(by=ROSA))
    assert (await both.run_form("demo-workspace", backend="test")).selected_backend == "test"
    assert (await both.run_form("demo-workspace", backend="emis")).selected_backend is None


async def test_another_commit_can_be_asked_for(made: Made, speak: Speak, control: httpx.AsyncClient) -> None:
    sha = await push(control, {"project.yaml": PIPELINE})
    client = JobsClient(speak(by=ROSA))
    for ref in (sha, sha[:8]):
        form = await client.run_form("demo-workspace", ref=ref)
        assert (form.sha, [one.name for one in form.actions]) == (sha, ["extract", "tables", "run_all"])
    assert "0123456789" in str((await client.run_form("demo-workspace", ref="0123456789")).problem)


@pytest.mark.parametrize(
    ("text", "words", "line"),
    [
        ("version: 9\nactions: {}\n", "newest version is 5", 1),
        ("version: 4\nactions:\n\ta: 1\n", "tab", 3),
        (PIPELINE.replace("r:v2 tables.R", "sqlrunner:v1 q.sql"), "sqlrunner", 6),
        (PIPELINE.replace("r:v2 tables.R", "r:v2 cohortextractor/tables.R"), "cohortextractor", 6),
    ],
)
async def test_a_commit_from_which_nothing_can_be_run_says_why(
    made: Made, speak: Speak, control: httpx.AsyncClient, text: str, words: str, line: int
) -> None:
    sha = await push(control, {"project.yaml": text})
    client = JobsClient(speak(by=ROSA))
    form = await client.run_form("demo-workspace", ref=sha)
    assert words in str(form.problem)
    assert (form.problem_line, form.actions) == (line, [])
    with pytest.raises(Invalid, match=words):
        await submit(client, sha, ["tables"])


async def test_a_missing_branch_and_a_missing_file_are_different(
    made: Made, speak: Speak, control: httpx.AsyncClient
) -> None:
    gone = WorkspaceState(id=2, version=1, name="gone", project_id=1, repo_url=REPO, branch="gone")
    await made.known(gone=gone)
    client = JobsClient(speak(by=ROSA))
    assert "the branch gone" in str((await client.run_form("gone")).problem)
    sha = await push(control, {"README.md": "x"}, repo="bare")
    bare = WorkspaceState(
        id=3, version=1, name="bare", project_id=1, repo_url=f"{REPO[:-10]}bare", branch="main"
    )
    await made.known(bare=bare)
    assert "no project.yaml" in str((await client.run_form("bare", ref=sha)).problem)


@pytest.mark.parametrize("kind", ["500", "html", "garbage", "refuse"])
async def test_github_being_away_is_said_on_the_form(
    made: Made, speak: Speak, control: httpx.AsyncClient, kind: str
) -> None:
    await control.post("/faults/github", json={"kind": kind, "times": 9})
    form = await JobsClient(speak(by=ROSA)).run_form("demo-workspace")
    assert "GitHub" in str(form.problem)
    with pytest.raises((Unavailable, Invalid)):
        await submit(JobsClient(speak(by=ROSA)), "b" * 40, ["report"])
    await control.post("/faults/github", content="null")
    assert (await JobsClient(speak(by=ROSA)).run_form("demo-workspace")).problem is None


async def test_a_commit_that_is_not_on_the_workspaces_branch_is_refused_at_the_form(
    made: Made, speak: Speak, control: httpx.AsyncClient
) -> None:
    sha = await push(control, {"project.yaml": PIPELINE}, branch="elsewhere")
    client = JobsClient(speak(by=ROSA))
    form = await client.run_form("demo-workspace", ref=sha)
    assert form.actions == []
    assert "not on the branch main" in str(form.problem)
    with pytest.raises(Invalid, match="not on the branch main"):
        await submit(client, sha, ["tables"])


async def test_an_older_commit_of_the_branch_can_be_run_when_the_branch_moved(
    made: Made, speak: Speak, head: str, control: httpx.AsyncClient
) -> None:
    await push(control, {"README.md": "newer"})
    client = JobsClient(speak(by=ROSA))
    assert (await client.run_form("demo-workspace", ref=head)).sha == head
    assert await submit(client, head, ["report"])


async def test_a_workspace_made_a_moment_ago_is_asked_of_its_owner_once(
    made: Made, speak: Speak, projects: Projects
) -> None:
    projects.states = {
        "workspace": [
            {"id": 9, "version": 1, "name": "new", "project_id": 9, "repo_url": REPO, "branch": "main"}
        ],
        "project": [{"id": 9, "version": 1, "slug": "new-project", "name": "New"}],
    }
    new = person(1, "rosa", projects={"ProjectDeveloper": [9]}, backends=["tpp"])
    client = JobsClient(speak(by=new))
    for _ in range(2):
        assert (await client.run_form("new")).workspace.project_slug == "new-project"
    assert projects.asked == ["workspace", "project"]


async def test_an_unknown_workspace_is_not_found(made: Made, speak: Speak, projects: Projects) -> None:
    client = JobsClient(speak(by=ROSA))
    with pytest.raises(NotFound):
        await client.run_form("nosuch")
