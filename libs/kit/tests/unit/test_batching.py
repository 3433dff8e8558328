"""Many small questions become few large ones."""

import asyncio
from collections.abc import Sequence

import pytest
from kit.batching import Batcher


async def test_questions_asked_while_one_is_under_way_are_asked_together() -> None:
    asked: list[list[int]] = []

    async def double(items: Sequence[int]) -> list[int]:
        asked.append(list(items))
        await asyncio.sleep(0.01)
        return [2 * item for item in items]

    ask = Batcher(double, max_size=4)
    first = asyncio.create_task(ask(0))
    await asyncio.sleep(0.005)
    assert await asyncio.gather(*(ask(n) for n in range(1, 7))) == [2, 4, 6, 8, 10, 12]
    assert await first == 0
    assert asked == [[0], [1, 2, 3, 4], [5, 6]]


async def test_a_failure_reaches_everybody_who_asked_and_nobody_later() -> None:
    broken = True

    async def answer(items: Sequence[int]) -> list[int]:
        if broken:
            raise OSError("away")
        return list(items)

    ask = Batcher(answer)
    both = await asyncio.gather(ask(1), ask(2), return_exceptions=True)
    assert [type(one) for one in both] == [OSError, OSError]
    broken = False
    assert await ask(3) == 3


async def test_who_no_longer_waits_changes_nothing_for_the_others() -> None:
    async def answer(items: Sequence[int]) -> list[int]:
        await asyncio.sleep(0.01)
        return list(items)

    ask = Batcher(answer)
    gone, stays = asyncio.create_task(ask(1)), asyncio.create_task(ask(2))
    await asyncio.sleep(0)
    gone.cancel()
    assert await stays == 2
    with pytest.raises(asyncio.CancelledError):
        await gone
