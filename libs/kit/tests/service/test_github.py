"""The client of GitHub against the sandbox's GitHub, also while it misbehaves."""

import json
import sqlite3
from collections.abc import AsyncIterator
from contextlib import closing
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

import httpx
import pytest
import sandbox.app
from kit.errors import NotFound, Unavailable
from kit.github import GitHub, Issue, Refused
from starlette.responses import Response
from starlette.types import Receive, Scope, Send
from testkit.world import running

STUDY = ("opensafely", "demo-study")
CHECKING = ("ebmdatalab", "opensafely-output-review")
LATE = 0.2


@dataclass
class Outside:
    client: httpx.AsyncClient
    home: Path

    async def fault(self, endpoint: str, kind: str, times: int = 1, **more: Any) -> None:
        body = {"kind": kind, "times": times} | more
        (await self.client.post(f"/control/faults/{endpoint}", json=body)).raise_for_status()

    async def left(self, endpoint: str) -> int:
        """How often the fault would strike again."""
        with closing(sqlite3.connect(self.home / "sandbox.sqlite3")) as store:
            [value] = store.execute(
                "select value from flags where key = ?", (f"fault:{endpoint}",)
            ).fetchone()
        return int(json.loads(value)["times"])

    async def commit(self, files: dict[str, str], branch: str = "main", message: str = "More") -> str:
        body = {"files": files, "branch": branch, "message": message}
        answer = await self.client.post(f"/control/repos/{'/'.join(STUDY)}/commits", json=body)
        return str(answer.json()["sha"])

    async def state(self) -> dict[str, list[dict[str, Any]]]:
        found: dict[str, list[dict[str, Any]]] = (await self.client.get("/control/state")).json()
        return found


@pytest.fixture(scope="module")
async def outside(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Outside]:
    home = tmp_path_factory.mktemp("github")
    app = sandbox.app.create(home, smtp_port=0, token="t")
    async with running(app) as url, httpx.AsyncClient(base_url=url) as client:
        yield Outside(client, home)


@pytest.fixture(autouse=True)
async def behaves(outside: Outside) -> None:
    with closing(sqlite3.connect(outside.home / "sandbox.sqlite3")) as store:
        for table in ("issues", "comments"):
            store.execute(f"delete from {table}")
        store.execute("delete from flags where key like 'fault:%'")
        store.commit()


@pytest.fixture
async def github(outside: Outside) -> AsyncIterator[GitHub]:
    client = GitHub(f"{outside.client.base_url}/github/api/", "token")
    yield client
    await client.close()


@pytest.fixture
async def hurried(outside: Outside) -> AsyncIterator[GitHub]:
    """Waits for a moment only."""
    client = GitHub(f"{outside.client.base_url}/github/api/", "token", timeout=LATE)
    yield client
    await client.close()


async def test_a_branch_has_its_newest_commit(github: GitHub, outside: Outside) -> None:
    sha = await outside.commit({"a.txt": "a"}, message="A first line\n\nand the rest")
    head = await github.branch_head(*STUDY, "main")
    assert (head.sha, head.message) == (sha, "A first line")
    assert head.at.tzinfo is not None
    assert await github.commit(*STUDY, sha) == head
    assert await github.commit(*STUDY, sha[:8]) == head


async def test_a_commit_has_author_and_time(github: GitHub) -> None:
    commit = await github.commit("opensafely", "long-waits", "main")
    assert (commit.author, commit.message) == ("Ravi Menon", "Waiting lists by region")
    assert commit.at == datetime.fromisoformat("2026-07-21T11:20:00+00:00")


@pytest.mark.parametrize("branch", ["release/1.0", "a#b", "50%", "ümläut", "a b?c=d&e"])
async def test_a_branch_may_have_an_odd_name(github: GitHub, outside: Outside, branch: str) -> None:
    sha = await outside.commit({"a.txt": branch}, branch=branch)
    assert (await github.branch_head(*STUDY, branch)).sha == sha
    assert await github.file(*STUDY, "a.txt", branch) == branch


async def test_a_file_is_its_text_or_nothing(github: GitHub, outside: Outside) -> None:
    text = "é\r\n{braces} <b> \u2028 \U0001f600\n"
    paths = ["analysis/a b#c?.R", "a {x}.txt", "50%.txt", "ü.txt", "project.yaml"]
    sha = await outside.commit(dict.fromkeys(paths, text) | {"empty.txt": "", "numbers.json": "[1]"})
    for path in paths:
        assert await github.file(*STUDY, path, sha) == text, path
    assert await github.file(*STUDY, "empty.txt", sha) == ""
    assert await github.file(*STUDY, "numbers.json", sha) == "[1]"
    assert await github.file(*STUDY, "nothing.txt", sha) is None
    assert await github.file(*STUDY, "project.yaml", "no-such-ref") is None


async def test_a_directory_is_there_when_something_is_in_it(github: GitHub, outside: Outside) -> None:
    sha = await outside.commit({"codelists/a.csv": "code\n"})
    assert await github.directory_exists(*STUDY, "codelists", sha)
    assert not await github.directory_exists(*STUDY, "codelists/a.csv", sha)
    assert not await github.directory_exists(*STUDY, "nothing", sha)


async def test_two_commits_are_compared(github: GitHub, outside: Outside) -> None:
    base = await outside.commit({"a.txt": "one", "b.txt": "one"})
    await outside.commit({"a.txt": "two"})
    head = await outside.commit({"c.txt": "new"})
    found = await github.compare(*STUDY, base, head)
    assert (found.commits, found.files) == (2, ["a.txt", "c.txt"])
    with pytest.raises(NotFound):
        await github.compare(*STUDY, base, "0" * 40)


async def test_issues_are_made_found_commented_relabelled_and_closed(
    github: GitHub, outside: Outside
) -> None:
    assert await github.search_issue(*CHECKING, "study-ws") is None
    made = await github.create_issue(
        *CHECKING, title="study-ws output check", body="<b>", labels=["internal"]
    )
    assert made == Issue(number=1, url="https://github.com/ebmdatalab/opensafely-output-review/issues/1")
    assert await github.search_issue(*CHECKING, "study-ws output check") == made
    for other in ("study-ws", "study-ws output", "study-ws output check 2", "Study-ws output check", ""):
        assert await github.search_issue(*CHECKING, other) is None
    url = await github.comment(*CHECKING, 1, "Seen & done")
    assert await github.comments(*CHECKING, 1) == [("Seen & done", url)]
    await github.set_issue(*CHECKING, 1, labels=["external"])
    assert await github.issue_labels(*CHECKING, 1) == {"external"}
    await github.set_issue(*CHECKING, 1, state="closed")
    [issue] = (await outside.state())["issues"]
    assert (issue["state"], issue["body"]) == ("closed", "<b>")
    assert await github.issue_labels(*CHECKING, 1) == {"external"}


async def test_a_repository_has_its_labels(github: GitHub) -> None:
    assert {"internal", "external", "Pending review"} <= await github.labels(*CHECKING)


async def test_what_is_not_there_is_not_found(github: GitHub) -> None:
    for question in (
        github.branch_head(*STUDY, "no-such-branch"),
        github.branch_head("opensafely", "no-such-study", "main"),
        github.commit(*STUDY, "0" * 40),
        github.issue_labels(*CHECKING, 99),
        github.comments(*CHECKING, 99),
        github.comment(*CHECKING, 99, "x"),
        github.set_issue(*CHECKING, 99, state="closed"),
    ):
        with pytest.raises(NotFound):
            await question


@pytest.mark.parametrize(("kind", "status"), [("500", 500), ("429", 429), ("html", 502), ("refuse", 401)])
async def test_a_refusal_of_github_is_told_with_its_status_and_not_asked_again(
    github: GitHub, outside: Outside, kind: str, status: int
) -> None:
    await outside.fault("github", kind, times=5)
    with pytest.raises(Refused) as refused:
        await github.file(*STUDY, "project.yaml", "main")
    assert (refused.value.extra["github_status"], refused.value.status) == (status, 503)
    assert await outside.left("github") == 4


async def test_an_answer_that_is_no_json_means_that_github_is_away(github: GitHub, outside: Outside) -> None:
    await outside.fault("github", "garbage")
    with pytest.raises(Unavailable, match="GitHub does not answer just now"):
        await github.branch_head(*STUDY, "main")


async def test_a_read_is_repeated_when_the_network_fails(github: GitHub, outside: Outside) -> None:
    await outside.fault("github", "drop", times=2)
    assert (await github.branch_head("opensafely", "long-waits", "main")).author == "Ravi Menon"


async def test_a_read_is_given_up_after_three_tries(hurried: GitHub, outside: Outside) -> None:
    await outside.fault("github", "hang", times=9, seconds=LATE * 3)
    with pytest.raises(Unavailable) as refused:
        await hurried.branch_head(*STUDY, "main")
    assert not isinstance(refused.value, Refused)
    assert await outside.left("github") == 6


@pytest.mark.parametrize("fault", [{"kind": "drop"}, {"kind": "hang", "seconds": LATE * 3}])
async def test_a_write_is_never_repeated(hurried: GitHub, outside: Outside, fault: dict[str, Any]) -> None:
    await outside.fault("github_issues_after", times=5, **fault)
    with pytest.raises(Unavailable):
        await hurried.create_issue(*CHECKING, title="one", body="", labels=[])
    assert [issue["title"] for issue in (await outside.state())["issues"]] == ["one"]
    with pytest.raises(Unavailable):
        await hurried.comment(*CHECKING, 1, "hello")
    assert await outside.left("github_issues_after") == 3


async def test_an_issue_that_github_does_not_accept_is_refused(github: GitHub, outside: Outside) -> None:
    with pytest.raises(Refused) as refused:
        await github.create_issue(*CHECKING, title="", body="", labels=[])
    assert refused.value.extra["github_status"] == 422
    assert (await outside.state())["issues"] == []


async def test_a_github_that_is_not_there_is_away() -> None:
    github = GitHub("http://127.0.0.1:1", "", timeout=LATE)
    with pytest.raises(Unavailable):
        await github.comment(*CHECKING, 1, "x")
    await github.close()


async def test_an_answer_of_another_shape_means_that_github_is_away() -> None:
    """A proxy on the way may answer anything with 200."""
    answer = Response()

    async def proxy(scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "http":
            await answer(scope, receive, send)

    async with running(proxy) as url:
        github = GitHub(url, "")
        for body, kind in (("<html>", "text/html"), ("", "text/html"), ("[]", "application/json")):
            answer = Response(body, media_type=kind)
            for question in (
                github.branch_head(*STUDY, "main"),
                github.commit(*STUDY, "main"),
                github.compare(*STUDY, "a", "b"),
                github.search_issue(*CHECKING, "x"),
                github.create_issue(*CHECKING, title="x", body="", labels=[]),
                github.comment(*CHECKING, 1, "x"),
            ):
                with pytest.raises(Unavailable):
                    await question
        await github.close()
