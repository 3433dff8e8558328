"""The one client of GitHub's REST API, over gidgethub (ADR 9)."""

import re
from collections.abc import Awaitable, Callable, Mapping
from datetime import datetime
from typing import Any, TypeVar
from urllib.parse import quote, urlsplit

import gidgethub
import gidgethub.httpx
import httpx
import msgspec
import stamina

from kit.errors import NotFound, Unavailable
from kit.words import COMMIT_SUBJECT, cut

T = TypeVar("T")
Read = Callable[[Any], T]  # makes of an answer what was asked for
_RAW = "application/vnd.github.raw+json"
_TIMEOUT = 5.0
_OWNER = re.compile(r"[A-Za-z0-9](?:[A-Za-z0-9-]{0,38})(?:_[A-Za-z0-9]{1,20})?")
_NAME = re.compile(r"[A-Za-z0-9._-]{1,100}")


class Refused(Unavailable):
    """GitHub answered, and said no."""


class Commit(msgspec.Struct, frozen=True, kw_only=True):
    sha: str
    message: str
    author: str
    at: datetime


class Issue(msgspec.Struct, frozen=True, kw_only=True):
    number: int
    url: str


class Comparison(msgspec.Struct, frozen=True, kw_only=True):
    """`contained`: the base is the head or one of its ancestors; `commits` lie between."""

    contained: bool
    commits: int
    files: list[str]


def is_repository(owner: str, name: str) -> bool:
    """Whether GitHub allows such an organisation (or person) and such a name in it."""
    return bool(_OWNER.fullmatch(owner) and _NAME.fullmatch(name)) and name not in {".", ".."}


def _repo(owner: str, name: str) -> str:
    """The beginning of a path, which leads nowhere else. Raises NotFound for what can be no repository."""
    if not is_repository(owner, name):
        raise NotFound(f"GitHub has no repository {owner}/{name}.")
    return f"/repos/{owner}/{name}"


def owner_and_name(repo_url: str) -> tuple[str, str]:
    """`https://github.com/opensafely/study` as ("opensafely", "study")."""
    parts = urlsplit(repo_url).path.strip("/").split("/")
    if len(parts) != 2:
        raise NotFound(f"{repo_url} is not the address of a repository.")
    return parts[0], parts[1]


class GitHub:
    """Reads are repeated twice when the network fails; writes never by themselves.

    Methods raise NotFound, Refused (with the status) or Unavailable.
    """

    def __init__(self, api_url: str, token: str, *, timeout: float = _TIMEOUT) -> None:
        self._http = httpx.AsyncClient(timeout=timeout, follow_redirects=True)
        self._api = gidgethub.httpx.GitHubAPI(
            self._http, "Job Server", oauth_token=token or None, base_url=api_url.rstrip("/")
        )

    async def close(self) -> None:
        await self._http.aclose()

    async def _call(self, work: Callable[[], Awaitable[Any]], read: Read[T]) -> T:
        try:
            answer = await work()
        except gidgethub.HTTPException as exc:
            if exc.status_code in (404, 410):
                raise NotFound("GitHub does not have that.") from exc
            raise Refused(f"GitHub refused: {exc}", github_status=int(exc.status_code)) from exc
        except (TimeoutError, httpx.HTTPError, gidgethub.GitHubException, ValueError) as exc:
            raise Unavailable("GitHub does not answer just now.") from exc
        try:
            return read(answer)
        except (LookupError, TypeError, ValueError, AttributeError) as exc:  # a proxy's page, perhaps
            raise Unavailable("GitHub does not answer just now.") from exc

    async def _get(self, url: str, read: Read[T], accept: str = "application/vnd.github.v3+json") -> T:
        async def work() -> Any:
            async for attempt in stamina.retry_context(
                on=httpx.TransportError, attempts=3, wait_initial=0.1, wait_max=0.5, timeout=8
            ):
                with attempt:
                    return await self._api.getitem(url, accept=accept)

        return await self._call(work, read)

    async def _send(self, verb: str, url: str, data: Mapping[str, Any], read: Read[T]) -> T:
        write = self._api.post if verb == "POST" else self._api.patch
        return await self._call(lambda: write(url, data=data), read)

    async def branch_head(self, owner: str, repo: str, branch: str) -> Commit:
        url = f"{_repo(owner, repo)}/branches/{quote(branch, safe='')}"
        return await self._get(url, lambda answer: _commit(answer["commit"]))

    async def commit(self, owner: str, repo: str, ref: str) -> Commit:
        return await self._get(f"{_repo(owner, repo)}/commits/{quote(ref, safe='')}", _commit)

    async def file(self, owner: str, repo: str, path: str, ref: str) -> str | None:
        """The text of a file at a commit, or None when it is not there."""
        try:
            url = f"{_repo(owner, repo)}/contents/{quote(path)}?ref={quote(ref, safe='')}"
            return await self._get(url, lambda answer: str(answer or ""), _RAW)
        except NotFound:
            return None

    async def directory_exists(self, owner: str, repo: str, path: str, ref: str) -> bool:
        try:
            url = f"{_repo(owner, repo)}/contents/{quote(path)}?ref={quote(ref, safe='')}"
            return await self._get(url, lambda answer: isinstance(answer, list))
        except NotFound:
            return False

    async def compare(self, owner: str, repo: str, base: str, head: str) -> Comparison:
        return await self._get(
            f"{_repo(owner, repo)}/compare/{quote(base, safe='')}...{quote(head, safe='')}", _comparison
        )

    async def labels(self, owner: str, repo: str) -> set[str]:
        return await self._get(f"{_repo(owner, repo)}/labels?per_page=100", _labels)

    async def issue_labels(self, owner: str, repo: str, number: int) -> set[str]:
        return await self._get(f"{_repo(owner, repo)}/issues/{number}/labels", _labels)

    async def comments(self, owner: str, repo: str, number: int) -> list[tuple[str, str]]:
        """(body, url) of each comment."""
        url = f"{_repo(owner, repo)}/issues/{number}/comments?per_page=100"
        return await self._get(url, lambda found: [(str(c["body"]), str(c["html_url"])) for c in found])

    async def search_issue(self, owner: str, repo: str, title: str) -> Issue | None:
        """The newest issue of exactly this title; GitHub's index lags some seconds behind."""
        _repo(owner, repo)
        phrase = title.replace('"', " ")
        query = quote(f'repo:{owner}/{repo} in:title "{phrase}"', safe="")
        url = f"/search/issues?q={query}&sort=created&order=desc&per_page=100"

        def exact(found: Any) -> Issue | None:
            here = f"/repos/{owner}/{repo}".lower()
            for item in found["items"]:
                if item["title"] == title and str(item["repository_url"]).lower().endswith(here):
                    return _issue(item)
            return None

        return await self._get(url, exact)

    async def create_issue(self, owner: str, repo: str, *, title: str, body: str, labels: list[str]) -> Issue:
        data = {"title": title, "body": body, "labels": labels}
        return await self._send("POST", f"{_repo(owner, repo)}/issues", data, _issue)

    async def comment(self, owner: str, repo: str, number: int, body: str) -> str:
        """The new comment's address."""
        url = f"{_repo(owner, repo)}/issues/{number}/comments"
        return await self._send("POST", url, {"body": body}, lambda answer: str(answer["html_url"]))

    async def set_issue(
        self,
        owner: str,
        repo: str,
        number: int,
        *,
        labels: list[str] | None = None,
        state: str | None = None,
    ) -> None:
        data = {k: v for k, v in {"labels": labels, "state": state}.items() if v is not None}
        await self._send("PATCH", f"{_repo(owner, repo)}/issues/{number}", data, lambda _: None)


def _commit(data: Any) -> Commit:
    inner = data["commit"]
    return Commit(
        sha=data["sha"],
        message=cut(str(inner["message"]).partition("\n")[0], COMMIT_SUBJECT),
        author=str(inner["author"]["name"]),
        at=datetime.fromisoformat(str(inner["author"]["date"]).replace("Z", "+00:00")),
    )


def _comparison(data: Any) -> Comparison:
    files = [str(file["filename"]) for file in data.get("files", [])]
    contained = data["status"] in {"ahead", "identical"}
    return Comparison(contained=contained, commits=int(data.get("total_commits", 0)), files=files)


def _labels(data: Any) -> set[str]:
    return {str(label["name"]) for label in data}


def _issue(data: Any) -> Issue:
    return Issue(number=int(data["number"]), url=str(data["html_url"]))
