"""What stands in a study's repository at a commit: its pipeline and its codelists (J5 to J12)."""

import asyncio
import time
from collections import OrderedDict
from collections.abc import Hashable
from typing import Any

import httpx
import msgspec
from kit.errors import AppError, NotFound
from kit.github import Commit, GitHub, owner_and_name

from jobs.pipeline import Pipeline, PipelineError, parse_bounded


class Study(msgspec.Struct, frozen=True, kw_only=True):
    """`problem` in words when nothing can be run from this commit."""

    text: str = ""
    pipeline: Pipeline | None = None
    problem: str | None = None
    line: int | None = None


class Codelists(msgspec.Struct, frozen=True, kw_only=True):
    ok: bool
    message: str | None = None


class _Cache:
    """The newest few hundred; what a commit holds never changes, so entries only age when told to."""

    def __init__(self, size: int) -> None:
        self._size = size
        self._entries: OrderedDict[Hashable, tuple[float, Any]] = OrderedDict()

    def get(self, key: Hashable) -> Any:
        hit = self._entries.get(key)
        return hit[1] if hit is not None and hit[0] > time.monotonic() else None

    def keep(self, key: Hashable, value: Any, seconds: float) -> None:
        self._entries[key] = (time.monotonic() + seconds, value)
        self._entries.move_to_end(key)
        if len(self._entries) > self._size:
            self._entries.popitem(last=False)


class Studies:
    """GitHub and OpenCodelists, asked as little as possible."""

    def __init__(self, github: GitHub, opencodelists_url: str) -> None:
        self._github = github
        self._http = httpx.AsyncClient(timeout=5)
        self._codelists_url = opencodelists_url.rstrip("/") + "/api/v1/check/"
        self._commits = _Cache(300)
        self._on_branch = _Cache(300)
        self._studies = _Cache(300)
        self._codelists = _Cache(300)

    async def close(self) -> None:
        await self._github.close()
        await self._http.aclose()

    async def commit(self, repo_url: str, branch: str, ref: str | None) -> Commit:
        """The head of the branch, or what `ref` names. Raises NotFound with a sentence, Unavailable."""
        owner, name = owner_and_name(repo_url)
        try:
            if ref:
                found = await self._github.commit(owner, name, ref)
            else:
                found = await self._github.branch_head(owner, name, branch)
        except NotFound as exc:
            what = f"the commit {ref}" if ref else f"the branch {branch}"
            raise NotFound(f"GitHub does not have {what} in this repository.") from exc
        if not ref:
            self._on_branch.keep((repo_url, branch, found.sha), True, 3600)
        elif not await self.is_on_branch(repo_url, branch, found.sha):
            raise NotFound(
                f"The commit {found.sha[:7]} is not on the branch {branch} of this workspace, so it cannot be"
                " run here. Choose one that is, or merge it first."
            )
        self._commits.keep((repo_url, found.sha), found.message, 3600)
        return found

    async def is_on_branch(self, repo_url: str, branch: str, sha: str) -> bool:
        """Whether the branch contains that commit, which is what the controller asks for later."""
        key = (repo_url, branch, sha)
        known: bool | None = self._on_branch.get(key)
        if known is None:
            owner, name = owner_and_name(repo_url)
            try:
                known = (await self._github.compare(owner, name, sha, branch)).contained
            except NotFound:  # no common history, or no such commit
                known = False
            self._on_branch.keep(key, known, 3600 if known else 10)
        return known

    async def commits_since(self, repo_url: str, base: str, sha: str) -> int | None:
        """How many commits lie between; None when the one does not lead to the other, or nobody says."""
        owner, name = owner_and_name(repo_url)
        try:
            found = await self._github.compare(owner, name, base, sha)
        except AppError:
            return None
        return found.commits if found.contained else None

    async def commit_message(self, repo_url: str, sha: str) -> str:
        """Its first line; "" when GitHub does not say."""
        known: str | None = self._commits.get((repo_url, sha))
        if known is not None:
            return known
        try:
            owner, name = owner_and_name(repo_url)
            return (await self._github.commit(owner, name, sha)).message
        except AppError:
            return ""

    async def read(self, repo_url: str, sha: str) -> Study:
        """The pipeline at that commit. Raises Unavailable when GitHub is away."""
        if hit := self._studies.get((repo_url, sha)):
            found: Study = hit
            return found
        owner, name = owner_and_name(repo_url)
        text = await self._github.file(owner, name, "project.yaml", sha)
        if text is None:
            study = Study(problem="There is no project.yaml in this commit.")
        else:
            try:
                study = Study(text=text, pipeline=await parse_bounded(text))
            except PipelineError as exc:
                study = Study(text=text, problem=exc.message, line=exc.line)
        self._studies.keep((repo_url, sha), study, 3600)
        return study

    async def codelists(self, repo_url: str, sha: str) -> Codelists:
        """Whether the codelists of that commit are up to date; unknown counts as not."""
        if hit := self._codelists.get((repo_url, sha)):
            found: Codelists = hit
            return found
        try:
            result = await self._check(repo_url, sha)
        except (AppError, httpx.HTTPError, ValueError, KeyError):
            return Codelists(
                ok=False, message="Whether the codelists are up to date cannot be checked just now."
            )
        self._codelists.keep((repo_url, sha), result, 120)
        return result

    async def _check(self, repo_url: str, sha: str) -> Codelists:
        owner, name = owner_and_name(repo_url)
        texts = await asyncio.gather(
            self._github.file(owner, name, "codelists/codelists.txt", sha),
            self._github.file(owner, name, "codelists/codelists.json", sha),
        )
        if texts[0] is None or texts[1] is None:
            if await self._github.directory_exists(owner, name, "codelists", sha):
                return Codelists(
                    ok=False, message="The codelists folder lacks codelists.txt or codelists.json."
                )
            return Codelists(ok=True)
        form = {"codelists": texts[0], "manifest": texts[1]}
        answer = (await self._http.post(self._codelists_url, data=form)).raise_for_status().json()
        if answer["status"] == "ok":
            return Codelists(ok=True)
        return Codelists(
            ok=False, message="The codelists are out of date. Run `opensafely codelists update`."
        )
