"""Repositories and commits."""

import hashlib
import json
from datetime import UTC, datetime

from sandbox.store import Store


def add_commit(
    store: Store,
    owner: str,
    name: str,
    files: dict[str, str],
    message: str,
    branch: str = "main",
    *,
    author: str = "Rosa Marsh",
    at: str | None = None,
) -> str:
    """A commit on top of the branch: `files` are added to what was there. Its sha."""
    store.run("insert or ignore into repos (owner, name) values (?, ?)", owner, name)
    head = branch_head(store, owner, name, branch)
    tree = {**(json.loads(head["files"]) if head else {}), **files}
    at = at or datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
    number = head["n"] + 1 if head else 1
    text = json.dumps([owner, name, branch, number, message, at, tree])
    sha = hashlib.sha1(text.encode()).hexdigest()
    store.run(
        "insert or ignore into commits values (?, ?, ?, ?, ?, ?, ?, ?, ?)",
        owner,
        name,
        sha,
        branch,
        number,
        message,
        author,
        at,
        json.dumps(tree),
    )
    return sha


def branch_head(store: Store, owner: str, name: str, branch: str):  # type: ignore[no-untyped-def]  # a row
    return store.one(
        "select * from commits where owner = ? and name = ? and branch = ? order by n desc limit 1",
        owner,
        name,
        branch,
    )


def find(store: Store, owner: str, name: str, ref: str):  # type: ignore[no-untyped-def]  # a row
    """A commit by sha, beginning of a sha, or branch."""
    found = branch_head(store, owner, name, ref)
    if found is None and len(ref) >= 4:
        found = store.one(
            "select * from commits where owner = ? and name = ? and sha like ? limit 1",
            owner,
            name,
            ref + "%",
        )
    return found
