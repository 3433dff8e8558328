"""A database of believable size, written by COPY as the superuser."""

import random
import secrets
import time
from datetime import UTC, datetime, timedelta
from typing import Any

import asyncpg
import orjson

PROJECTS, WORKSPACES, REQUESTS, JOBS_EACH, RELEASES, FILES_EACH = 60, 300, 20_000, 6, 250, 20
FIRST = 1_000_000  # ids of seeded rows, beyond those of the demo world
PERSON = FIRST
ACTIONS = ("extract", "describe", "model", "tables", "figures", "report")
_START = datetime(2024, 1, 1, tzinfo=UTC)
_MIX = ("succeeded",) * 8 + ("failed",) * 2


def project(number: int) -> str:
    return f"load-project-{number}"


def workspace(number: int) -> str:
    return f"load-workspace-{number}"


class Seeder:
    def __init__(self, connection: asyncpg.Connection) -> None:
        self.connection = connection
        self.random = random.Random(7)

    async def copy(self, schema: str, table: str, columns: str, rows: list[tuple[Any, ...]]) -> None:
        await self.connection.copy_records_to_table(
            table, schema_name=schema, columns=columns.split(), records=rows
        )

    async def people_and_places(self) -> None:
        name = "loadtester"
        now = datetime.now(UTC)
        # fmt: off
        await self.copy("identity", "users", "id username fullname github_login email", [(PERSON, name, "Lo Tester", name, "lo@example.org")])
        await self.copy("identity", "external_identities", "provider uid user_id", [("github", "load-1", PERSON)])
        backend = await self.connection.fetchval("select id from identity.backends where slug = 'tpp'")
        await self.copy("identity", "backend_memberships", "backend_id user_id created_by", [(backend, PERSON, "load")])
        projects = [(FIRST + n, 1, project(n), f"Load project {n}", str(5000 + n)) for n in range(PROJECTS)]
        await self.copy("projects", "projects", "id version slug name number created_by status", [(*p, "load", "ongoing") for p in projects])
        await self.copy("projects", "repos", "id url", [(FIRST, "https://github.com/opensafely/load-study")])
        await self.copy("projects", "workspaces", "id name project_id repo_id branch purpose is_archived should_notify created_by",
            [(FIRST + n, workspace(n), FIRST + n % PROJECTS, FIRST, "main", "Load", False, True, "load") for n in range(WORKSPACES)])
        for schema in ("identity", "releases"):
            await self.copy(schema, "known_projects", "id version slug name number status org_ids", [(*p, "ongoing", []) for p in projects])
        for schema in ("jobs", "notifications"):
            await self.copy(schema, "known_projects", "id version slug name org_ids", [(*p[:4], []) for p in projects])
        places = [(FIRST + n, 1, workspace(n), FIRST + n % PROJECTS) for n in range(WORKSPACES)]
        await self.copy("jobs", "known_workspaces", "id version name project_id repo_url branch is_archived should_notify",
            [(*p, "https://github.com/opensafely/load-study", "main", False, True) for p in places])
        await self.copy("releases", "known_workspaces", "id version name project_id is_archived", [(*p, False) for p in places])
        for schema in ("projects", "jobs", "releases"):
            await self.copy(schema, "known_users", "id version username fullname", [(PERSON, 1, name, "Lo Tester")])
        # A member of four projects, so of 20 workspaces.
        await self.copy("identity", "project_memberships", "id project_id user_id created_by created_at",
            [(FIRST + n, FIRST + n, PERSON, "load", now) for n in range(4)])
        await self.copy("identity", "role_grants", "user_id membership_id role granted_by",
            [(PERSON, FIRST + n, "ProjectDeveloper", "load") for n in range(4)])
        # fmt: on

    async def runs(self, count: int) -> None:
        graph = [{"name": a, "needs": list(ACTIONS[:n][-1:])} for n, a in enumerate(ACTIONS)]
        body = orjson.dumps(graph).decode()
        await self.connection.execute(
            "insert into jobs.pipeline_files (sha256, body, graph) values ('load', 'version: 4', $1)", body
        )
        self.newest: dict[tuple[str, str, str], tuple[Any, ...]] = {}
        for first in range(0, count, REQUESTS):
            await self._some_runs(range(first, min(first + REQUESTS, count)), timedelta(days=625) / count)
        # fmt: off
        await self.copy("jobs", "action_status", "workspace backend action identifier job_request_id status status_code created_at completed_at",
            [(*key, *value) for key, value in self.newest.items()])
        # fmt: on

    async def _some_runs(self, numbers: range, apart: timedelta) -> None:
        requests, jobs = [], []
        for number in numbers:
            at = _START + apart * number
            failed = self.random.choice(_MIX) == "failed"
            place = self.random.randrange(WORKSPACES)
            done = at + timedelta(minutes=30)
            requests.append(
                (
                    FIRST + number,
                    rap_id(number),
                    FIRST + place,
                    workspace(place),
                    FIRST + place % PROJECTS,
                    "tpp",
                    PERSON,
                    at,
                    f"load-{number}",
                    list(ACTIONS),
                    "a" * 40,
                    "main",
                    "load",
                    "failed" if failed else "succeeded",
                    JOBS_EACH,
                    JOBS_EACH - failed,
                    int(failed),
                    at,
                    done,
                    False,
                    False,
                    True,
                )
            )
            for turn, action in enumerate(ACTIONS):
                bad = failed and turn == JOBS_EACH - 1
                status, code = ("failed", "nonzero_exit") if bad else ("succeeded", "succeeded")
                identifier = f"load{number:06d}{turn:06d}"
                start, end = at + timedelta(minutes=5 * turn), at + timedelta(minutes=5 * turn + 5)
                message = "Completed successfully" if code == "succeeded" else "Job exited with an error"
                command = f"python:latest python analysis/{action}.py"
                jobs.append(
                    (FIRST + number, identifier, action, command, status, code, message, at, end, start, end)
                )
                self.newest[(workspace(place), "tpp", action)] = (
                    identifier,
                    FIRST + number,
                    status,
                    code,
                    at,
                    end,
                )
        # fmt: off
        await self.copy("jobs", "job_requests", "id rap_id workspace_id workspace project_id backend created_by_id created_at key "
            "requested_actions sha branch definition_sha256 status total succeeded failed started_at completed_at "
            "force_run_dependencies will_notify codelists_ok", requests)
        await self.copy("jobs", "submissions", "job_request_id state", [(r[0], "accepted") for r in requests])
        await self.copy("jobs", "jobs", "job_request_id identifier action run_command status status_code status_message "
            "created_at updated_at started_at completed_at", jobs)
        # fmt: on

    async def releases(self) -> None:
        releases, files = [], []
        for number in range(RELEASES):
            place, at = number % WORKSPACES, _START + timedelta(days=number)
            release = release_id(number)
            releases.append(
                (release, workspace(place), FIRST + place % PROJECTS, "tpp", "[]", "{}", at, PERSON, at)
            )
            for turn in range(FILES_EACH):
                name = f"output/{ACTIONS[turn % 6]}/table_{turn}.csv"
                file_id = f"01FILE{number:010d}{turn:010d}"
                files.append(
                    (
                        file_id,
                        release,
                        workspace(place),
                        name,
                        secrets.token_hex(32),
                        1000,
                        at,
                        "{}",
                        at,
                        PERSON,
                        at,
                        PERSON,
                    )
                )
        # fmt: off
        await self.copy("releases", "releases", "id workspace project_id backend requested_files metadata created_at created_by_id completed_at", releases)
        await self.copy("releases", "release_files", "id release_id workspace name sha256 size mtime metadata created_at created_by_id uploaded_at uploaded_by_id", files)
        # fmt: on


def release_id(number: int) -> str:
    return f"01LOAD{number:020d}"


def rap_id(number: int) -> str:
    """Of the alphabet a-z2-7, in order."""
    letters = "abcdefghijklmnopqrstuvwxyz234567"
    return "".join(letters[number >> 5 * place & 31] for place in range(15, -1, -1))


async def seed(superuser_url: str, requests: int = REQUESTS) -> float:
    """Once per database; seconds it took."""
    started = time.monotonic()
    connection = await asyncpg.connect(superuser_url)
    try:
        if await connection.fetchval("select count(*) from jobs.job_requests where id >= $1", FIRST):
            return 0.0
        seeder = Seeder(connection)
        async with connection.transaction():
            await seeder.people_and_places()
            await seeder.runs(requests)
            await seeder.releases()
        await connection.execute("vacuum analyze")
        return time.monotonic() - started
    finally:
        await connection.close()
