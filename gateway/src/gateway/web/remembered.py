"""What many pages show and that changes seldom is asked for once in some seconds."""

import time
from collections.abc import Awaitable, Callable
from typing import Generic, TypeVar

T = TypeVar("T")


class Remembered(Generic[T]):
    def __init__(self, seconds: float) -> None:
        self._seconds = seconds
        self._known: tuple[float, T] | None = None

    async def get(self, ask: Callable[[], Awaitable[T]]) -> T:
        """Raises what asking raises; then nothing is remembered."""
        if self._known is None or self._known[0] < time.monotonic():
            self._known = (time.monotonic() + self._seconds, await ask())
        return self._known[1]

    def forget(self) -> None:
        self._known = None
