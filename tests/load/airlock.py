"""What Airlock asks, each thing once: a log-in with words, an event, a release, the upload of a file."""

import json
import secrets
from datetime import UTC, datetime, timedelta
from typing import Any

import asyncpg
from asked import Asked
from identity.secrets import slow_hash
from rawclient import request
from sandbox.airlock_demo import Airlock, listed, new_request_id
from seed import FIRST
from testkit.stack import Stack

_PEOPLE, _EVENTS, _RELEASES, _FILES = 300, 2_000, 1_000, 250
_WORDS = "alpha beta gamma"
EXPECTED = {"event": 201, "create release": 201, "upload": 201}
ONCE = frozenset({*EXPECTED, "authenticate"})  # each thing counts once


async def airlock_rows(stack: Stack, superuser: str) -> dict[str, Asked]:
    await _people(superuser)
    url, token = stack.url.replace("localhost", "127.0.0.1"), stack.demo["backend"]["token"]
    workspace = stack.demo["workspace"]

    def call(
        path: str, body: bytes, kind: str = "application/json", **headers: str
    ) -> tuple[str, int, bytes]:
        own = {"Authorization": token, "Accept": "application/json", "Content-Type": kind}
        trace = f"00-{secrets.token_hex(16)}-{secrets.token_hex(8)}-01"
        return request(f"{url}/api/v2/{path}", {**own, "traceparent": trace, **headers}, body)

    def event() -> dict[str, Any]:
        one = {"event_type": "request_submitted", "workspace": workspace, "request": new_request_id()}
        return {**one, "request_author": "rosa", "user": "rosa", "updates": None}

    def release(files: dict[str, bytes], name: str) -> dict[str, Any]:
        announced = [listed(file, content, name) for file, content in files.items()]
        return {"files": announced, "metadata": {"tool": "airlock", "airlock_id": name}, "review": None}

    uploads = []
    for _ in range(4):
        name = new_request_id()
        files = {f"output/{n}.csv": secrets.token_hex(500).encode() for n in range(_FILES)}
        status, _, answer = Airlock(stack.url, token).call(
            f"releases/workspace/{workspace}", actor="otis", **release(files, name)
        )
        assert status == 201, answer
        uploads += [
            call(
                f"releases/release/{name}",
                content,
                "application/octet-stream",
                **{"OS-User": "otis", "Content-Disposition": f'attachment; filename="{file}"'},
            )
            for file, content in files.items()
        ]
    return {
        "authenticate": [
            call("releases/authenticate", json.dumps({"user": f"lo{n}", "token": _WORDS}).encode())
            for n in range(_PEOPLE)
        ],
        "event": [
            call("airlock/events/", json.dumps(event()).encode(), **{"OS-User": "rosa"})
            for _ in range(_EVENTS)
        ],
        "create release": [
            call(
                f"releases/workspace/{workspace}",
                json.dumps(release({"a.csv": b"1"}, new_request_id())).encode(),
                **{"OS-User": "otis"},
            )
            for _ in range(_RELEASES)
        ],
        "upload": uploads,
    }


async def _people(superuser: str) -> None:
    """People of the backend, each with words that work once."""
    words, until = await slow_hash(_WORDS), datetime.now(UTC) + timedelta(hours=1)
    ids = range(FIRST + 1_000, FIRST + 1_000 + _PEOPLE)
    connection = await asyncpg.connect(superuser)
    try:
        backend = await connection.fetchval("select id from identity.backends where slug = 'tpp'")
        for table, columns, rows in (
            (
                "users",
                "id username fullname github_login",
                [(i, f"lo{n}", "Lo", f"lo{n}") for n, i in enumerate(ids)],
            ),
            ("external_identities", "provider uid user_id", [("github", f"lo-{i}", i) for i in ids]),
            ("backend_memberships", "backend_id user_id created_by", [(backend, i, "load") for i in ids]),
            ("login_tokens", "user_id token_hash expires_at", [(i, words, until) for i in ids]),
        ):
            if table == "users" and await connection.fetchval(
                "select 1 from identity.users where id = $1", ids[0]
            ):
                await connection.execute(
                    "update identity.login_tokens set used_at = null, expires_at = $1", until
                )
                return
            await connection.copy_records_to_table(
                table, schema_name="identity", columns=columns.split(), records=rows
            )
    finally:
        await connection.close()
