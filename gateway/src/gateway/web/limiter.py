"""How much of what is expensive one caller may have under way at once."""

from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager

from kit.errors import TooManyRequests

_EACH, _ALL = 3, 24


class Limiter:
    def __init__(self) -> None:
        self._running: Counter[str] = Counter()

    @contextmanager
    def one(self, caller: str) -> Iterator[None]:
        """Raises TooManyRequests."""
        if self._running[caller] >= _EACH or self._running.total() >= _ALL:
            raise TooManyRequests("Too many searches are under way. Try again in a moment.")
        self._running[caller] += 1
        try:
            yield
        finally:
            self._running[caller] -= 1
            if not self._running[caller]:
                del self._running[caller]
