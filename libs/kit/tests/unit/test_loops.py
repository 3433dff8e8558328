"""Serving what waits."""

import asyncio

import pytest
from kit.loops import serve


class Queue:
    """`waiting` pieces of work, and how often it was looked at when there were none."""

    def __init__(self) -> None:
        self.waiting, self.served, self.looked = 0, 0, 0
        self.idle = asyncio.Event()

    async def once(self) -> int:
        found, self.waiting = min(self.waiting, 2), max(self.waiting - 2, 0)
        self.served += found
        if not found:
            self.looked += 1
            self.idle.set()
        return found


@pytest.mark.parametrize("pause", [30, 0.01])
async def test_everything_is_served_at_once_when_woken_and_otherwise_after_a_pause(pause: float) -> None:
    queue, woken = Queue(), asyncio.Event()
    queue.waiting = 5
    task = asyncio.create_task(serve(queue.once, woken, pause=pause))
    async with asyncio.timeout(5):
        await queue.idle.wait()
        assert (queue.served, queue.looked) == (5, 1)
        queue.waiting = 3
        queue.idle.clear()
        if pause == 30:
            woken.set()
        await queue.idle.wait()
    assert queue.served == 8
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task


async def test_what_comes_while_the_last_look_is_taken_is_not_slept_over() -> None:
    queue, woken = Queue(), asyncio.Event()
    looks = 0

    async def once() -> int:
        nonlocal looks
        looks += 1
        if looks == 1:
            queue.waiting = 1
            woken.set()
            return 0
        return await queue.once()

    task = asyncio.create_task(serve(once, woken, pause=30))
    async with asyncio.timeout(5):
        await queue.idle.wait()
    assert queue.served == 1
    task.cancel()
