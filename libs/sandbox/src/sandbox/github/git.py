"""Repositories and commits: rows of the store, and the same as git objects, so that their ids are git's."""

import json
from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any

from dulwich.index import commit_tree
from dulwich.object_store import BaseObjectStore, MemoryObjectStore
from dulwich.objects import Blob, Commit, ObjectID
from dulwich.refs import Ref
from dulwich.repo import MemoryRepo

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
    row = {
        "message": message,
        "author": author,
        "at": at or datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%SZ"),
        "files": json.dumps(tree),
    }
    objects = MemoryObjectStore()
    shas = _walk(objects, _of_branch(store, owner, name, branch))
    sha = _write(objects, row, shas[-1] if shas else None)
    store.run(
        "insert or ignore into commits values (?, ?, ?, ?, ?, ?, ?, ?, ?)",
        owner,
        name,
        sha,
        branch,
        head["n"] + 1 if head else 1,
        message,
        author,
        row["at"],
        row["files"],
    )
    return sha


def _of_branch(store: Store, owner: str, name: str, branch: str) -> Sequence[Any]:
    return store.all(
        "select * from commits where owner = ? and name = ? and branch = ? order by n", owner, name, branch
    )


def _write(objects: BaseObjectStore, row: Any, parent: str | None) -> str:
    """The objects of one commit; its sha."""
    blobs = []
    for path, text in json.loads(row["files"]).items():
        blob = Blob.from_string(text.encode())
        objects.add_object(blob)
        blobs.append((path.encode(), blob.id, 0o100644))
    commit = Commit()
    commit.tree = commit_tree(objects, blobs)
    commit.parents = [ObjectID(parent.encode())] if parent else []
    mail = row["author"].lower().replace(" ", ".")
    commit.author = commit.committer = f"{row['author']} <{mail}@example.org>".encode()
    commit.author_time = commit.commit_time = int(datetime.fromisoformat(row["at"]).timestamp())
    commit.author_timezone = commit.commit_timezone = 0
    commit.encoding = b"UTF-8"
    commit.message = row["message"].encode()
    objects.add_object(commit)
    return commit.id.decode()


def _walk(objects: BaseObjectStore, rows: Sequence[Any]) -> list[str]:
    """The commits of a branch from its first; those of a store from before there was git are left out."""
    shas: list[str] = []
    for row in rows:
        sha = _write(objects, row, shas[-1] if shas else None)
        if sha == row["sha"]:
            shas.append(sha)
    return shas


def repository(store: Store, owner: str, name: str) -> MemoryRepo | None:
    """For a fetch: branches, and each commit as a ref, since a commit may be asked for by its id."""
    branches = store.all("select distinct branch from commits where owner = ? and name = ?", owner, name)
    if not branches:
        return None
    repo = MemoryRepo()
    for row in branches:
        shas = _walk(repo.object_store, _of_branch(store, owner, name, row["branch"]))
        if shas:
            repo.refs[Ref(b"refs/heads/" + row["branch"].encode())] = ObjectID(shas[-1].encode())
        for sha in shas:
            repo.refs[Ref(b"refs/commits/" + sha.encode())] = ObjectID(sha.encode())
    repo.refs.set_symbolic_ref(Ref(b"HEAD"), Ref(b"refs/heads/main"))
    return repo


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
