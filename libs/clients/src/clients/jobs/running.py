"""Backends, workspaces and the run form, as jobs answers them."""

from datetime import datetime

import msgspec


class Person(msgspec.Struct, frozen=True, kw_only=True):
    username: str
    fullname: str


class BackendRef(msgspec.Struct, frozen=True, kw_only=True):
    slug: str
    name: str


class WorkspaceRef(msgspec.Struct, frozen=True, kw_only=True):
    name: str
    project_id: int
    project_slug: str
    project_name: str
    project_number: str | None = None
    repo_url: str = ""
    branch: str = ""
    is_archived: bool = False
    should_notify: bool = False


class BackendStatus(msgspec.Struct, frozen=True, kw_only=True):
    """`missing`: not heard of for longer than its alert time-out. `unknown`: why nothing is known of it now,
    a kind of contracts.troubles; the rest is then what was true before."""

    slug: str
    name: str
    is_active: bool
    last_seen_at: datetime | None
    missing: bool
    paused: bool
    paused_since: datetime | None
    in_maintenance: bool
    maintenance_since: datetime | None
    unknown: str | None = None
    unknown_since: datetime | None = None
    pending: int
    running: int
    finished_last_day: list[int] = []  # per hour, the oldest first, 24 numbers


class ActionOption(msgspec.Struct, frozen=True, kw_only=True):
    """One line of the run-jobs form, in file order."""

    name: str
    run: str
    needs: list[str]
    is_database: bool = False
    last_status: str | None = None  # display needs the code too
    last_status_code: str = ""
    last_finished_at: datetime | None = None
    last_request_id: int | None = None
    last_sha: str | None = None
    last_seconds: int | None = None
    blocked: str | None = None  # why it cannot be run


class RunForm(msgspec.Struct, frozen=True, kw_only=True):
    """`problem` says why nothing can be run (bad project.yaml, GitHub away …); `actions` may be empty."""

    workspace: WorkspaceRef
    backends: list[BackendStatus]  # those the caller may use
    selected_backend: str | None  # all last results are of this one
    commits_since: int | None = None  # between the commit that was named and this one
    branch: str
    sha: str | None
    commit_message: str = ""
    commit_author: str = ""
    commit_at: datetime | None = None
    actions: list[ActionOption] = []
    problem: str | None = None
    problem_line: int | None = None
    codelists_ok: bool = True
    codelists_message: str | None = None
