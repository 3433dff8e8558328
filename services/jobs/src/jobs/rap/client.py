"""The controller's four calls and what can go wrong with each (RAP1 to RAP7)."""

from typing import Any

import httpx
import msgspec

_CREATE = httpx.Timeout(90, connect=5)  # it fetches from GitHub meanwhile (RAP22)
_ASK = httpx.Timeout(20, connect=5)


class RapError(Exception):
    """The call did not do what was asked."""


class NoAnswer(RapError):
    """Nothing readable came back: whether the call had an effect is not known."""


class NotSent(RapError):
    """No connection was made: the call certainly had no effect."""


class Answered(RapError):
    """The controller itself said no. `details` is its sentence."""

    def __init__(self, status: int, body: dict[str, Any]) -> None:
        self.status = status
        self.body = body
        self.details = str(body.get("details") or body.get("error") or "")
        super().__init__(f"{status}: {self.details}")


def trouble_of(exc: RapError) -> str:
    """The kind of contracts.troubles."""
    if isinstance(exc, NotSent):
        return "controller_away"
    return "controller_refuses" if isinstance(exc, Answered) else "controller_unclear"


class RapClient:
    """The token goes raw into Authorization; redirects are never followed, since they would lose the body."""

    def __init__(self, base_url: str, token: str) -> None:
        self._http = httpx.AsyncClient(
            base_url=base_url,
            headers={"Authorization": token, "Accept": "application/json"},
            limits=httpx.Limits(max_connections=None, max_keepalive_connections=4),
        )

    async def close(self) -> None:
        await self._http.aclose()

    async def create(self, body: dict[str, Any]) -> dict[str, Any]:
        """`{"result", "details", "rap_id", "count"}`; count 0 means there was nothing to do."""
        answer = await self._json("POST", "rap/create/", body, _CREATE, ok=(200, 201))
        if not isinstance(answer.get("count"), int):
            raise NoAnswer(f"rap/create/ answered without a count: {str(answer)[:200]}")
        return answer

    async def cancel(self, rap_id: str, actions: list[str]) -> dict[str, Any]:
        return await self._json("POST", "rap/cancel/", {"rap_id": rap_id, "actions": actions}, _ASK)

    async def live_actions(self, rap_id: str) -> set[str] | None:
        """The actions that wait or run just now; None when the controller does not know this id."""
        jobs = await self._jobs(rap_id)
        live = {str(job.get("action")) for job in jobs if job.get("status") in ("pending", "running")}
        return live if jobs else None

    async def status(self, rap_ids: list[str]) -> bytes:
        """The raw answer: `jobs` and `unrecognised_rap_ids`; decoded where it is applied."""
        response = await self._send("POST", "rap/status/", {"rap_ids": rap_ids}, _ASK)
        if response.status_code != 200:
            raise self._refusal(response)
        return response.content

    async def job_count(self, rap_id: str) -> int:
        """How many jobs the controller has for this id; 0 when it does not know it."""
        return len(await self._jobs(rap_id))

    async def _jobs(self, rap_id: str) -> list[dict[str, Any]]:
        found = await self._json("POST", "rap/status/", {"rap_ids": [rap_id]}, _ASK)
        jobs = found.get("jobs")
        if not isinstance(jobs, list) or not all(isinstance(job, dict) for job in jobs):
            raise NoAnswer("rap/status/ answered without jobs")
        return jobs

    async def backend_status(self) -> list[dict[str, Any]]:
        answer = await self._json("GET", "backend/status/", None, _ASK)
        backends = answer.get("backends")
        if not isinstance(backends, list):
            raise NoAnswer(f"backend/status/ answered without backends: {str(answer)[:200]}")
        return backends

    async def _json(
        self,
        method: str,
        path: str,
        body: dict[str, Any] | None,
        timeout: httpx.Timeout,
        ok: tuple[int, ...] = (200,),
    ) -> dict[str, Any]:
        response = await self._send(method, path, body, timeout)
        if response.status_code not in ok:
            raise self._refusal(response)
        found = _object(response)
        if found is None:
            raise NoAnswer(f"{path} answered {response.status_code} with something that is not JSON")
        return found

    async def _send(
        self, method: str, path: str, body: dict[str, Any] | None, timeout: httpx.Timeout
    ) -> httpx.Response:
        content = None if body is None else msgspec.json.encode(body)
        headers = {} if body is None else {"Content-Type": "application/json"}
        try:
            return await self._http.request(method, path, content=content, headers=headers, timeout=timeout)
        except (httpx.ConnectError, httpx.ConnectTimeout, httpx.PoolTimeout) as exc:
            raise NotSent(f"{type(exc).__name__}: {exc}") from exc
        except httpx.HTTPError as exc:
            raise NoAnswer(f"{type(exc).__name__}: {exc}") from exc

    def _refusal(self, response: httpx.Response) -> RapError:
        body = _object(response)
        if body is None or response.status_code >= 500:
            return NoAnswer(f"the controller answered {response.status_code}: {response.text[:200]}")
        return Answered(response.status_code, body)


def _object(response: httpx.Response) -> dict[str, Any] | None:
    try:
        found = msgspec.json.decode(response.content)
    except (msgspec.DecodeError, UnicodeDecodeError):
        return None
    return found if isinstance(found, dict) else None
