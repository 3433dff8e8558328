"""`./just airlock-demo`: plays Airlock against the public API (docs/behaviour/airlock-wire.md)."""

import hashlib
import http.client
import json
import os
import secrets
import subprocess
import sys
import time
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

FILES: list[tuple[str, bytes]] = [
    (
        "output/rates.csv",
        b"month,age_band,rate\n2026-01,18-39,12.4\n2026-01,40-64,15.1\n2026-02,18-39,11.9\n",
    ),
    (
        "output/tables/baseline.html",
        b"<!doctype html><title>Baseline</title><h1>Baseline</h1><p>1,234 people</p>",
    ),
    ("output/log; 100% (déjà vu).txt", b"All counts are rounded to 5.\n"),
    ("output/empty.txt", b""),
]


class Unexpected(Exception):
    """The job server did not do what Airlock relies on."""


class Airlock:
    """One keep-alive connection, raw header bytes, no retries: like the program it plays."""

    def __init__(self, url: str, token: str) -> None:
        parts = urlsplit(url)
        self._connection = http.client.HTTPConnection(parts.hostname or "", parts.port, timeout=30)
        self._token = token

    def call(
        self, path: str, *, actor: str = "", body: bytes | None = None, name: str = "", **sent: Any
    ) -> tuple[int, dict[str, str], Any]:
        """(status, headers, JSON or text)."""
        content = json.dumps(sent).encode() if body is None else body
        connection = self._connection
        connection.putrequest("POST", f"/api/v2/{path}", skip_accept_encoding=True)
        connection.putheader("Authorization", self._token)
        connection.putheader("Accept", "application/json")
        trace = f"00-{secrets.token_hex(16)}-{secrets.token_hex(8)}-01"
        connection.putheader("traceparent", sent.pop("traceparent", trace))
        if actor:
            connection.putheader("OS-User", actor)
        if body is None:
            connection.putheader("Content-Type", "application/json")
        else:
            connection.putheader("Content-Type", "application/octet-stream")
            disposition = b'attachment; filename="' + name.encode("latin-1") + b'"'
            connection.putheader("Content-Disposition", disposition)
        if body == b"":  # python-requests sends an empty file chunked, without a length
            connection.putheader("Transfer-Encoding", "chunked")
            connection.endheaders()
            connection.send(b"0\r\n\r\n")
        else:
            connection.putheader("Content-Length", str(len(content)))
            connection.endheaders(content)
        answer = connection.getresponse()
        raw = answer.read()
        headers = {key.lower(): value for key, value in answer.getheaders()}
        if "set-cookie" in headers:
            raise Unexpected(f"{path} set a cookie")
        try:
            return answer.status, headers, json.loads(raw) if raw else None
        except ValueError:
            return answer.status, headers, raw.decode("utf-8", "replace")


def say(text: str) -> None:
    print(text, flush=True)


def expect(what: str, got: Any, wanted: Any) -> None:
    if got != wanted:
        raise Unexpected(f"{what}: expected {wanted!r}, got {got!r}")


def play(told: dict[str, Any], words: str, author: str = "rosa") -> str:
    """The happy order of a release request; the id of the release. Raises Unexpected."""
    airlock, workspace = Airlock(told["url"], told["backend"]["token"]), told["workspace"]
    first, second = "otis", "olga"
    request = new_request_id()
    status, _, user = airlock.call("releases/authenticate", user=author, token=words)
    expect(f"authenticate {author}", status, 200)
    expect("the user record names the workspace", workspace in user["workspaces"], True)
    say(f"{author} logged in with the token; sees {', '.join(sorted(user['workspaces']))}")
    status, _, again = airlock.call("releases/authenticate", user=author, token=words)
    expect("the token works once", (status, again), (403, {"detail": f"No login token set for {author}"}))
    for checker in (first, second):
        status, _, record = airlock.call("releases/authorise", user=checker)
        expect(f"authorise {checker}", (status, record["output_checker"]), (200, True))

    def event(kind: str, actor: str, updates: list[dict[str, str]] | None = None) -> None:
        body = {"event_type": kind, "workspace": workspace, "request": request, "request_author": author}
        status, _, answer = airlock.call("airlock/events/", actor=actor, **body, user=actor, updates=updates)
        expect(kind, (status, answer), (201, {"status": "ok"}))
        say(f"{kind} by {actor}")

    event("request_submitted", author)
    event("request_partially_reviewed", first)
    event("request_reviewed", second)
    announced = [listed(name, content, request) for name, content in FILES]
    metadata = {"tool": "airlock", "airlock_id": request}
    for turn, checker in enumerate((second, first)):  # Airlock may ask again, also by the other checker
        status, headers, answer = airlock.call(
            f"releases/workspace/{workspace}", actor=checker, files=announced, metadata=metadata, review=None
        )
        expect("create release", (status, headers.get("release-id")), (201, request))
        if not turn:
            say(f"release {answer['release_id']} created: {answer['release_url']}")
    event("request_approved", second, [{"update": f"{len(FILES)} files will be uploaded"}])
    for name, content in FILES:
        status, headers, _ = airlock.call(
            f"releases/release/{request}", actor=second, body=content, name=name
        )
        expect(f"upload {name}", (status, "file-id" in headers), (201, True))
        say(f"uploaded {name} ({len(content)} bytes)")
        status, _, answer = airlock.call(f"releases/release/{request}", actor=second, body=content, name=name)
        said = f"This version of '{name}' has already been uploaded"
        expect(f"upload {name} again", (status, said in answer["detail"]), (400, True))
    event("request_released", second)
    return request


def listed(name: str, content: bytes, request: str) -> dict[str, Any]:
    return {
        "name": name,
        "url": name,
        "size": len(content),
        "sha256": hashlib.sha256(content).hexdigest(),
        "date": datetime.now(UTC).isoformat(timespec="microseconds"),
        "metadata": {"tool": "airlock", "airlock_id": request},
        "review": None,
    }


def new_request_id() -> str:
    alphabet = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"
    number = (int(time.time() * 1000) << 80) | secrets.randbits(80)
    return "".join(alphabet[(number >> shift) & 31] for shift in range(125, -1, -5))


def login_token(username: str) -> str:
    """By the operator's command, since nobody is at a browser (ADR 7)."""
    command = [sys.executable, "-m", "launcher.manage", "create_login_token", username, "--json"]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    if done.returncode:
        raise Unexpected(f"create_login_token {username}: {done.stdout}{done.stderr}")
    return str(json.loads(done.stdout)["token"])


def main() -> None:
    file = Path(os.environ.get("JOBSERVER_HOME", ".jobserver")).absolute() / "demo.json"
    if not file.exists():
        sys.exit("No demo world is running here: start it with ./just up.")
    told = json.loads(file.read_text())
    try:
        request = play(told, login_token("rosa"))
    except (Unexpected, OSError, http.client.HTTPException) as exc:
        sys.exit(f"That did not go as Airlock expects: {exc}")
    say("")
    say(f"Look at  {told['url']}/{told['project']}/{told['workspace']}/releases/{request}/  (log in as rosa)")
    for what, page in (("Mails", "mailbox"), ("Issue", "github")):
        if page in told["sandbox"]:  # otherwise they went to the real one
            say(f"{what:8} {told['sandbox'][page]}")


if __name__ == "__main__":
    main()
