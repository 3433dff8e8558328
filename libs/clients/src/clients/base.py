"""What the clients share."""

from collections.abc import Mapping
from typing import Any, TypeVar

import msgspec
from kit.http import Client

T = TypeVar("T")


def query(**values: Any) -> dict[str, str | int]:
    """Query parameters without the absent ones."""
    return {
        name: (int(value) if isinstance(value, bool) else value)
        for name, value in values.items()
        if value not in (None, "", [])
    }


class ServiceClient:
    """HTTP stops here: methods take and return values, and raise kit.errors."""

    def __init__(self, http: Client) -> None:
        self._http = http

    async def _get(self, path: str, kind: type[T], params: Mapping[str, str | int] | None = None) -> T:
        answer = await self._http.get(path, params=params)
        return msgspec.json.decode(answer.body, type=kind)

    async def _post(
        self,
        path: str,
        kind: type[T],
        json: Any = None,
        timeout: float | None = None,
        *,
        repeatable: bool | None = None,
    ) -> T:
        answer = await self._http.post(path, json=json or {}, timeout=timeout, repeatable=repeatable)
        return msgspec.json.decode(answer.body, type=kind)
