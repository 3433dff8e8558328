"""A database of believable size, written as the superuser."""

import secrets
import time
from datetime import UTC, datetime, timedelta
from typing import Any

import asyncpg
import orjson
from runs import ACTIONS, write_runs

PROJECTS, WORKSPACES, REQUESTS, RELEASES, FILES_EACH = 60, 300, 20_000, 250, 20
FIRST = 1_000_000  # ids of seeded rows, beyond those of the demo world
PERSON = FIRST
_START = datetime(2024, 1, 1, tzinfo=UTC)


def project(number: int) -> str:
    return f"load-project-{number}"


def workspace(number: int) -> str:
    return f"load-workspace-{number}"


class Seeder:
    def __init__(self, connection: asyncpg.Connection) -> None:
        self.connection = connection

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
        # A member of four projects, so of 20 workspaces, and of the demo project, whose code can be read.
        demo = await self.connection.fetchval("select id from projects.projects where slug = 'demo-project'")
        mine = list(enumerate([*(FIRST + n for n in range(4)), demo], FIRST))
        await self.copy("identity", "project_memberships", "id project_id user_id created_by created_at",
            [(membership, of, PERSON, "load", now) for membership, of in mine])
        await self.copy("identity", "role_grants", "user_id membership_id role granted_by",
            [(PERSON, membership, "ProjectDeveloper", "load") for membership, _ in mine])
        # fmt: on

    async def runs(self, count: int) -> None:
        graph = [{"name": a, "needs": list(ACTIONS[:n][-1:])} for n, a in enumerate(ACTIONS)]
        body = orjson.dumps(graph).decode()
        await self.connection.execute(
            "insert into jobs.pipeline_files (sha256, body, graph) values ('load', 'version: 4', $1)", body
        )
        await write_runs(self.connection, FIRST, count, WORKSPACES, PROJECTS)

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
