"""The one client of GitHub's REST API, over gidgethub (rulings 1.1.8)."""

from collections.abc import Awaitable, Callable
from datetime import datetime
from typing import Any, TypeVar
from urllib.parse import quote, urlsplit

import gidgethub
import gidgethub.httpx
import httpx
import msgspec
import stamina

from kit.errors import NotFound, Unavailable

T = TypeVar("T")
_RAW = "application/vnd.github.raw+json"
_TIMEOUT = 5.0


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
    commits: int
    files: list[str]


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

    async def _call(self, work: Callable[[], Awaitable[T]]) -> T:
        try:
            return await work()
        except gidgethub.HTTPException as exc:
            if exc.status_code in (404, 410):
                raise NotFound("GitHub does not have that.") from exc
            raise Refused(f"GitHub refused: {exc}", github_status=int(exc.status_code)) from exc
        except (TimeoutError, httpx.HTTPError, gidgethub.GitHubException, ValueError) as exc:
            raise Unavailable("GitHub does not answer just now.") from exc

    async def _get(self, url: str, accept: str = "application/vnd.github.v3+json") -> Any:
        async def work() -> Any:
            async for attempt in stamina.retry_context(
                on=httpx.TransportError, attempts=3, wait_initial=0.1, wait_max=0.5, timeout=8
            ):
                with attempt:
                    return await self._api.getitem(url, accept=accept)

        return await self._call(work)

    async def branch_head(self, owner: str, repo: str, branch: str) -> Commit:
        answer = await self._get(f"/repos/{owner}/{repo}/branches/{quote(branch, safe='')}")
        return _commit(answer["commit"])

    async def commit(self, owner: str, repo: str, ref: str) -> Commit:
        return _commit(await self._get(f"/repos/{owner}/{repo}/commits/{quote(ref, safe='')}"))

    async def file(self, owner: str, repo: str, path: str, ref: str) -> str | None:
        """The text of a file at a commit, or None when it is not there."""
        try:
            url = f"/repos/{owner}/{repo}/contents/{quote(path)}?ref={quote(ref, safe='')}"
            return str(await self._get(url, _RAW) or "")
        except NotFound:
            return None

    async def directory_exists(self, owner: str, repo: str, path: str, ref: str) -> bool:
        try:
            url = f"/repos/{owner}/{repo}/contents/{quote(path)}?ref={quote(ref, safe='')}"
            return isinstance(await self._get(url), list)
        except NotFound:
            return False

    async def compare(self, owner: str, repo: str, base: str, head: str) -> Comparison:
        answer = await self._get(f"/repos/{owner}/{repo}/compare/{base}...{head}")
        files = [str(file["filename"]) for file in answer.get("files", [])]
        return Comparison(commits=int(answer.get("total_commits", 0)), files=files)

    async def labels(self, owner: str, repo: str) -> set[str]:
        answer = await self._get(f"/repos/{owner}/{repo}/labels?per_page=100")
        return {str(label["name"]) for label in answer}

    async def issue_labels(self, owner: str, repo: str, number: int) -> set[str]:
        answer = await self._get(f"/repos/{owner}/{repo}/issues/{number}/labels")
        return {str(label["name"]) for label in answer}

    async def comments(self, owner: str, repo: str, number: int) -> list[tuple[str, str]]:
        """(body, url) of each comment."""
        answer = await self._get(f"/repos/{owner}/{repo}/issues/{number}/comments?per_page=100")
        return [(str(c["body"]), str(c["html_url"])) for c in answer]

    async def search_issue(self, owner: str, repo: str, text: str) -> Issue | None:
        """The newest issue whose title has `text`; GitHub's index lags some seconds behind."""
        query = quote(f"org:{owner} repo:{owner}/{repo} in:title {text}")
        answer = await self._get(f"/search/issues?q={query}&sort=created&order=desc&per_page=1")
        return _issue(answer["items"][0]) if answer["items"] else None

    async def create_issue(self, owner: str, repo: str, *, title: str, body: str, labels: list[str]) -> Issue:
        data = {"title": title, "body": body, "labels": labels}
        return _issue(await self._call(lambda: self._api.post(f"/repos/{owner}/{repo}/issues", data=data)))

    async def comment(self, owner: str, repo: str, number: int, body: str) -> str:
        """The new comment's address."""
        url = f"/repos/{owner}/{repo}/issues/{number}/comments"
        answer = await self._call(lambda: self._api.post(url, data={"body": body}))
        return str(answer["html_url"])

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
        await self._call(lambda: self._api.patch(f"/repos/{owner}/{repo}/issues/{number}", data=data))


def _commit(data: Any) -> Commit:
    inner = data["commit"]
    return Commit(
        sha=data["sha"],
        message=str(inner["message"]).partition("\n")[0],
        author=str(inner["author"]["name"]),
        at=datetime.fromisoformat(str(inner["author"]["date"]).replace("Z", "+00:00")),
    )


def _issue(data: Any) -> Issue:
    return Issue(number=int(data["number"]), url=str(data["html_url"]))
