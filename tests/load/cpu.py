"""CPU of the whole system, by /proc: application, PostgreSQL, NATS, with processes that have ended."""

import asyncio
import os
import time
from collections import Counter
from pathlib import Path

_TICK = os.sysconf("SC_CLK_TCK")
_QUIET, _PATIENCE = 0.15, 20.0  # share of a core at which nothing is left to do; seconds to wait for that


def below(root: int) -> list[int]:
    """`root` and every process under it."""
    children: dict[int, list[int]] = {}
    for entry in Path("/proc").glob("[0-9]*/stat"):
        try:
            pid, rest = entry.read_text().split(" (", 1)
        except OSError:
            continue
        children.setdefault(int(rest.rsplit(") ", 1)[1].split()[1]), []).append(int(pid))
    found, waiting = [], [root]
    while waiting:
        found.append(pid := waiting.pop())
        waiting += children.get(pid, [])
    return found


def used(root: int) -> Counter[str]:
    """Seconds so far. An ended child counts as its parent's, so that nothing gets lost."""
    seconds: Counter[str] = Counter()
    for pid in below(root):
        try:
            name, rest = Path(f"/proc/{pid}/stat").read_text().split(" (", 1)[1].rsplit(") ", 1)
        except OSError:
            continue
        kind = {"postgres": "PostgreSQL", "nats-server": "NATS"}.get(name, "application")
        seconds[kind] += sum(int(ticks) for ticks in rest.split()[11:15]) / _TICK
    return seconds


class Meter:
    """Measures rows one after the other; what the system does by itself is measured first and taken off."""

    def __init__(self, root: int) -> None:
        self._root = root
        self.idle: dict[str, float] = {}
        self.restless: list[str] = []  # rows before which the system did not become quiet

    async def settle(self, name: str) -> None:
        """Until what earlier rows set off has ended, or patience has."""
        end = time.monotonic() + _PATIENCE
        while time.monotonic() < end:
            before = sum(used(self._root).values())
            await asyncio.sleep(0.5)
            if (sum(used(self._root).values()) - before) / 0.5 < _QUIET + sum(self.idle.values()):
                return
        self.restless.append(name)

    async def rest(self, seconds: float) -> None:
        """What it uses while nobody asks, each second."""
        await self.settle("idle")
        before = used(self._root)
        await asyncio.sleep(seconds)
        self.idle = {kind: (now - before[kind]) / seconds for kind, now in used(self._root).items()}

    def since(self, before: Counter[str], seconds: float, count: int) -> dict[str, float]:
        """Milliseconds of each kind for one of `count` requests that took `seconds` together."""
        now = used(self._root)
        return {
            kind: max(0.0, now[kind] - before[kind] - self.idle.get(kind, 0.0) * seconds)
            * 1000
            / max(count, 1)
            for kind in ("application", "PostgreSQL")
        }
