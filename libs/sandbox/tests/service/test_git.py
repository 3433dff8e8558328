"""The sandbox's repositories are real ones: what the API names can be fetched, alone or with its history."""

import asyncio
from pathlib import Path

import pytest
from dulwich.client import HttpGitClient, HTTPUnauthorized
from dulwich.errors import GitProtocolError, NotGitRepository
from dulwich.index import build_index_from_tree
from dulwich.objects import ObjectID
from dulwich.repo import Repo

from .conftest import Outside

STUDY = "/github/git/opensafely/demo-study"
API = "/github/api/repos/opensafely/demo-study"


async def fetched(
    outside: Outside, sha: str, into: Path, *, depth: int | None = None, name: str = STUDY
) -> Repo:
    """As a controller does: this commit, whatever branches there are."""

    def fetch() -> Repo:
        repo = Repo.init(str(into), mkdir=True)
        client = HttpGitClient(str(outside.http.base_url))
        client.fetch(name.encode(), repo, lambda refs, depth=None: [ObjectID(sha.encode())], depth=depth)
        return repo

    return await asyncio.to_thread(fetch)


async def head(outside: Outside, branch: str = "main") -> str:
    found: str = (await outside.http.get(f"{API}/commits/{branch}")).json()["sha"]
    return found


async def test_a_commit_that_the_api_names_can_be_fetched_alone(outside: Outside, tmp_path: Path) -> None:
    sha = await head(outside)
    repo = await fetched(outside, sha, tmp_path / "one", depth=1)
    build_index_from_tree(repo.path, repo.index_path(), repo.object_store, repo[ObjectID(sha.encode())].tree)
    raw = {"Accept": "application/vnd.github.raw+json"}
    answer = await outside.http.get(f"{API}/contents/project.yaml?ref={sha}", headers=raw)
    assert (Path(repo.path) / "project.yaml").read_text() == answer.text
    assert len(repo.get_shallow()) == 1, "its history was not asked for"


async def test_a_branch_has_its_history_and_an_older_commit_can_be_fetched(
    outside: Outside, tmp_path: Path
) -> None:
    repo = await fetched(outside, await head(outside), tmp_path / "all", name=f"{STUDY}.git")
    history = [entry.commit for entry in repo.get_walker(include=[ObjectID((await head(outside)).encode())])]
    assert len(history) == 3
    for commit in history:
        named = (await outside.http.get(f"{API}/commits/{commit.id.decode()}")).json()
        assert named["commit"]["message"] == commit.message.decode()
    first = history[-1].id.decode()
    old = await fetched(outside, first, tmp_path / "old", depth=1)
    assert ObjectID(first.encode()) in old.object_store


async def test_a_commit_made_by_a_test_is_a_real_one_too(outside: Outside, tmp_path: Path) -> None:
    body = {"files": {"new/ü.txt": "x"}, "message": "One more", "branch": "side"}
    await outside.control("repos/opensafely/sleep-study/commits", body)
    sha = (await outside.http.get("/github/api/repos/opensafely/sleep-study/commits/side")).json()["sha"]
    name = "/github/git/opensafely/sleep-study"
    repo = await fetched(outside, sha, tmp_path / "side", depth=1, name=name)
    assert repo[ObjectID(sha.encode())].message == b"One more"


async def test_what_is_not_there_cannot_be_fetched_and_nothing_can_be_pushed(
    outside: Outside, tmp_path: Path
) -> None:
    with pytest.raises(NotGitRepository):
        await fetched(outside, "a" * 40, tmp_path / "none", name="/github/git/opensafely/nosuch")
    with pytest.raises((GitProtocolError, HTTPUnauthorized)):
        await fetched(outside, "a" * 40, tmp_path / "wrong")
    answer = await outside.http.get(f"{STUDY}/info/refs?service=git-receive-pack")
    assert answer.status_code == 403
