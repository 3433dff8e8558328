"""What the services would answer: a demo project with one of everything, and names that try to be markup."""

from datetime import UTC, datetime, timedelta
from typing import Any

from clients import identity, jobs, projects, releases

from .addresses import RELEASE_ID

NOW = datetime.now(UTC).replace(microsecond=0)
NASTY = "<script>alert('x')</script>&\"' \N{SNOWMAN}"
SHA = "c5" * 20


def ago(**more: float) -> datetime:
    return NOW - timedelta(**more)


PERSON = jobs.Person(username="rosa", fullname=f"Rosa {NASTY}")
BACKEND = jobs.BackendRef(slug="tpp", name=f"TPP {NASTY}")
WORKSPACE_REF = jobs.WorkspaceRef(
    name="study-ws",
    project_id=1,
    project_slug="study",
    project_name=f"Study {NASTY}",
    project_number="101",
    repo_url="https://github.com/opensafely/study",
    branch="main",
    should_notify=True,
)
PROJECT = projects.Project(
    id=1,
    slug="study",
    name=f"Study {NASTY}",
    number="101",
    status="ongoing",
    created_at=ago(days=90),
    orgs=[projects.OrgName(id=1, slug="bennett", name=f"Bennett {NASTY}")],
    copilot=f"Cora {NASTY}",
)


def workspace(**more: Any) -> projects.Workspace:
    values = {
        "id": 1,
        "name": "study-ws",
        "project_id": 1,
        "repo_url": "https://github.com/opensafely/study",
        "branch": "main",
        "purpose": NASTY,
        "is_archived": False,
        "should_notify": True,
        "created_at": ago(days=70),
        "created_by": f"Rosa {NASTY} (rosa)",
    }
    return projects.Workspace(**(values | more))


def workspace_page(**more: Any) -> projects.WorkspacePage:
    return projects.WorkspacePage(workspace=workspace(**more), project=PROJECT)


def row(number: int = 7, status: str = "running", **more: Any) -> jobs.RequestRow:
    values: dict[str, Any] = {
        "id": number,
        "workspace": "study-ws",
        "project_slug": "study",
        "project_name": f"Study {NASTY}",
        "backend": BACKEND,
        "created_by": PERSON,
        "created_at": ago(hours=2),
        "status": status,
        "started_at": ago(hours=2),
        "completed_at": None if status == "running" else ago(hours=1),
        "jobs": 3,
        "succeeded": 1,
        "failed": 1,
        "running": 1,
        "pending": 0,
        "org": NASTY,
    }
    return jobs.RequestRow(**(values | more))


def job(action: str, status: str, code: str = "", **more: Any) -> jobs.Job:
    begun = status != "pending"
    ended = status in {"succeeded", "failed"}
    values: dict[str, Any] = {
        "identifier": f"{abs(hash(action)):x}"[:4].ljust(16, "a"),
        "action": action,
        "run_command": f"python:v2 {NASTY}",
        "status": status,
        "status_code": code,
        "status_message": NASTY if status == "failed" else "",
        "created_at": ago(minutes=30),
        "started_at": ago(minutes=29) if begun else None,
        "completed_at": ago(minutes=20) if ended else None,
        "updated_at": ago(minutes=1),
        "metrics": {"cpu_mean": 88.2, "mem_mb_peak": 1234} if begun else {},
    }
    return jobs.Job(**(values | more))


JOBS = [
    job("extract", "succeeded", "succeeded", identifier="aaaabbbbccccdddd"),
    job("describe", "failed", "nonzero_exit", identifier="bbbbbbbbccccdddd"),
    job("tables", "failed", "dependency_failed", identifier="ccccbbbbccccdddd"),
    job("model", "running", "executing", identifier="ddddbbbbccccdddd", expected_seconds=7200),
    job("report_that_has_a_long_name", "pending", "waiting_on_dependencies", identifier="eeeebbbbccccdddd"),
    job("figures", "failed", "cancelled_by_user", identifier="ffffbbbbccccdddd"),
]
PIPELINE = [
    jobs.PipelineAction(name=name, needs=needs)
    for name, needs in (
        ("extract", []),
        ("describe", ["extract"]),
        ("tables", ["describe"]),
        ("model", ["extract"]),
        ("figures", ["extract"]),
        ("report_that_has_a_long_name", ["tables", "model", "extract"]),
    )
]


def request(**more: Any) -> jobs.JobRequest:
    values: dict[str, Any] = {
        "id": 7,
        "rap_id": "abcdefghij234567",
        "workspace": WORKSPACE_REF,
        "backend": BACKEND,
        "created_by": PERSON,
        "created_at": ago(minutes=31),
        "status": "running",
        "status_message": None,
        "submitting": False,
        "submit_trouble": None,
        "requested_actions": [action.name for action in PIPELINE],
        "cancel_requested_at": None,
        "force_run_dependencies": True,
        "will_notify": True,
        "sha": SHA,
        "commit_message": f"Count each person once {NASTY}",
        "branch": "main",
        "codelists_ok": True,
        "started_at": ago(minutes=29),
        "completed_at": None,
        "missing_updates": False,
        "jobs": JOBS,
        "pipeline": PIPELINE,
        "previous": jobs.RequestRef(id=6, sha="d6" * 20),
        "previous_succeeded": jobs.RequestRef(id=5, sha=SHA),
        "waiting_or_running_here": 14,
    }
    return jobs.JobRequest(**(values | more))


def backend(**more: Any) -> jobs.BackendStatus:
    values: dict[str, Any] = {
        "slug": "tpp",
        "name": f"TPP {NASTY}",
        "is_active": True,
        "last_seen_at": ago(minutes=1),
        "missing": False,
        "paused": False,
        "paused_since": None,
        "in_maintenance": False,
        "maintenance_since": None,
        "pending": 3,
        "running": 2,
        "finished_last_day": [0, 3] * 12,
    }
    return jobs.BackendStatus(**(values | more))


BACKENDS = [
    backend(),
    backend(slug="emis", name="EMIS", paused=True, paused_since=ago(hours=3), pending=0, running=0),
    backend(slug="test", name="Test", in_maintenance=True, maintenance_since=ago(days=1)),
    backend(slug="gone", name="Gone", missing=True, last_seen_at=None),
]


def run_form(**more: Any) -> jobs.RunForm:
    actions = [
        jobs.ActionOption(
            name="extract",
            run=f"ehrql:v1 {NASTY}",
            needs=[],
            is_database=True,
            last_status="succeeded",
            last_finished_at=ago(days=3),
            last_seconds=4000,
            blocked=NASTY,
        ),
        jobs.ActionOption(name="describe", run="r:v2", needs=["extract"], last_status="failed"),
        jobs.ActionOption(name="tables", run="r:v2", needs=["describe", "extract"]),
    ]
    values: dict[str, Any] = {
        "workspace": WORKSPACE_REF,
        "backends": BACKENDS,
        "selected_backend": "tpp",
        "branch": "main",
        "sha": SHA,
        "commit_message": NASTY,
        "commit_author": NASTY,
        "commit_at": ago(days=2),
        "actions": actions,
    }
    return jobs.RunForm(**(values | more))


def file(name: str, **more: Any) -> releases.FileRow:
    values: dict[str, Any] = {
        "id": "01FILE" + name.replace("/", "").replace(".", "").upper()[:12].ljust(20, "0"),
        "name": name,
        "size": 1234,
        "sha256": "ab" * 32,
        "mtime": ago(days=1),
        "uploaded_at": ago(hours=5),
        "deleted_at": None,
        "deleted_by": None,
    }
    return releases.FileRow(**(values | more))


FILES = [
    file("output/table.csv"),
    file("output/picture.png"),
    file("output/page.html"),
    file("output/notes.txt"),
    file(f"output/{NASTY}.bin"),
    file("output/huge.csv", size=20_000_000),
    file("output/late.csv", uploaded_at=None),
    file("output/gone.csv", deleted_at=ago(hours=1), deleted_by=NASTY),
]


def release(**more: Any) -> releases.Release:
    values: dict[str, Any] = {
        "id": RELEASE_ID,
        "number": 2,
        "workspace": WORKSPACE_REF,
        "backend": BACKEND,
        "created_by": PERSON,
        "created_at": ago(hours=6),
        "metadata": {},
        "files": FILES,
        "reviewers": [PERSON],
    }
    return releases.Release(**(values | more))


def release_row(**more: Any) -> releases.ReleaseRow:
    values: dict[str, Any] = {
        "id": RELEASE_ID,
        "number": 2,
        "workspace": "study-ws",
        "backend": BACKEND,
        "created_by": PERSON,
        "created_at": ago(hours=6),
        "file_count": 8,
        "uploaded_count": 7,
        "total_size": 20_000_000,
    }
    return releases.ReleaseRow(**(values | more))


ACTIONS = [
    jobs.ActionResult(
        backend=jobs.BackendRef(slug="tpp", name="TPP"),
        sha="a" * 40,
        action=name,
        status=status,
        status_code=code,
        at=ago(hours=4),
        request_id=7,
        identifier="aaaabbbbccccdddd",
        history=["failed", "succeeded", "running", "pending", "odd", status],
    )
    for name, status, code in (
        ("extract", "succeeded", ""),
        ("describe", "failed", "nonzero_exit"),
        ("tables", "failed", "dependency_failed"),
        (NASTY, "running", ""),
    )
]

ACCOUNT = identity.Account(
    username="rosa",
    fullname=f"Rosa {NASTY}",
    version=4,
    email="rosa@example.org",
    token_refusal=None,
    token_expires_at=ago(hours=-1),
    backends=["tpp"],
    sessions=[
        identity.Session(id=1, created_at=ago(days=2), last_seen_at=NOW, user_agent=NASTY, current=True),
        identity.Session(id=2, created_at=ago(days=1), last_seen_at=NOW, user_agent="", current=False),
    ],
)
