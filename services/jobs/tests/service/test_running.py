"""The run-jobs form and what it makes (spec/jobs.md §4.1)."""

from typing import Any

import httpx
import pytest
from clients.jobs import JobsClient
from contracts.projects import ProjectState, WorkspaceState
from contracts.statement import Claims
from jobs.app import create
from jobs.rap.sync import Sync
from jobs.settings import Settings
from kit.errors import Conflict, Invalid, NotFound, PermissionDenied, Unavailable
from messaging.uow import Units
from testkit.plugin import Speak
from testkit.world import World, person, running

from .conftest import Made, Projects, job
from .test_sync import answer

ROSA = person(1, "rosa", projects={"ProjectDeveloper": [1]}, backends=["tpp", "test"])
REPO = "https://github.com/opensafely/demo-study"
CREATED = "jobs.job_request.created.v1"

PIPELINE = """version: 4
actions:
  extract:
    run: ehrql:v1 generate-dataset d.py --output output/d.csv
    outputs: {highly_sensitive: {d: output/d.csv}}
  tables:
    run: r:v2 tables.R
    needs: [extract]
    outputs: {moderately_sensitive: {t: output/t.csv}}
"""


async def push(
    control: httpx.AsyncClient, files: dict[str, str], repo: str = "demo-study", branch: str = "main"
) -> str:
    """A commit on top of the branch, until the test is over; its sha."""
    body = {"files": files, "message": "Change\n\nmore", "branch": branch}
    made = await control.post(f"/repos/opensafely/{repo}/commits", json=body)
    return str(made.json()["sha"])


async def submit(client: JobsClient, sha: str, actions: list[str], **more: Any) -> int:
    values: dict[str, Any] = {
        "backend": "tpp",
        "force_run_dependencies": False,
        "will_notify": False,
        "key": "k" * 16,
    }
    return await client.submit("demo-workspace", sha=sha, actions=actions, **(values | more))


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


async def test_a_project_that_may_use_sqlrunner_can(
    made: Made, speak: Speak, control: httpx.AsyncClient
) -> None:
    await made.known(project=ProjectState(id=1, version=2, slug="query-project", name="Query"))
    sha = await push(control, {"project.yaml": PIPELINE.replace("r:v2 tables.R", "sqlrunner:v1 p.sql")})
    assert await submit(JobsClient(speak(by=ROSA)), sha, ["tables"])


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


@pytest.mark.parametrize(
    "who",
    [
        None,
        person(2, "ada"),
        person(2, "ada", backends=["tpp"]),
        person(2, "ada", projects={"ProjectDeveloper": [2]}, backends=["tpp"]),
        person(2, "ada", projects={"ProjectCollaborator": [1]}, backends=["tpp"]),
        person(2, "ada", roles=["StaffAreaAdministrator", "OutputChecker"], backends=["tpp"]),
    ],
)
async def test_who_may_not_run_is_told_so(made: Made, speak: Speak, head: str, who: Claims | None) -> None:
    """Workspaces are public: nothing is given away."""
    client = JobsClient(speak(by=who) if who else speak())
    with pytest.raises(PermissionDenied, match="role Project developer"):
        await client.run_form("demo-workspace")
    with pytest.raises(PermissionDenied):
        await submit(client, head, ["report"])


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


async def test_deployment_administrators_run_anywhere_but_only_on_their_backends(
    made: Made, speak: Speak, head: str
) -> None:
    admin = person(3, "support", roles=["DeploymentAdministrator"], backends=["test"])
    client = JobsClient(speak(by=admin))
    assert await submit(client, head, ["report"], backend="test")
    with pytest.raises(Invalid):
        await submit(client, head, ["report"], backend="tpp", key="y" * 16)


async def test_without_a_backend_there_is_no_form(made: Made, speak: Speak) -> None:
    nobody = person(1, "rosa", projects={"ProjectDeveloper": [1]})
    with pytest.raises(PermissionDenied, match="backend"):
        await JobsClient(speak(by=nobody)).run_form("demo-workspace")


async def test_nothing_is_run_in_an_archived_workspace(made: Made, speak: Speak, head: str) -> None:
    old = WorkspaceState(
        id=1, version=2, name="demo-workspace", project_id=1, repo_url=REPO, branch="main", is_archived=True
    )
    await made.known(old=old)
    client = JobsClient(speak(by=ROSA))
    with pytest.raises(Conflict, match="archived"):
        await client.run_form("demo-workspace")
    with pytest.raises(Conflict, match="archived"):
        await submit(client, head, ["report"])
    with pytest.raises(PermissionDenied):
        await JobsClient(speak()).run_form("demo-workspace")


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


async def test_closing_leaves_the_backends_that_are_not_closed(
    world: World, settings: dict[str, Any], made: Made, head: str, projects: Projects
) -> None:
    async with running(create(Settings(**settings, disable_creating_jobs=True))) as url:
        client = world.client(url, by=ROSA)
        jobs = JobsClient(client)
        assert [one.slug for one in (await jobs.run_form("demo-workspace")).backends] == ["test"]
        with pytest.raises(Invalid):
            await submit(jobs, head, ["report"], backend="tpp")
        await client.close()
        only = world.client(url, by=person(1, "rosa", projects={"ProjectDeveloper": [1]}, backends=["tpp"]))
        with pytest.raises(PermissionDenied):
            await JobsClient(only).run_form("demo-workspace")
        await only.close()
