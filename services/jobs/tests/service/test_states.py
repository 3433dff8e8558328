"""The database says of a job what the rest of the system says of it (J24)."""

import itertools

from contracts.statuses import display
from jobs.rap.sql import STATE
from testkit.world import World

STATUSES = ["", "pending", "Running", "succeeded", "Succeeded", "failed", "Failed", "cancelled", "nonsense"]
CODES = ["", "nonzero_exit", "dependency_failed", "cancelled_by_user"]


async def test_a_jobs_state_is_the_one_that_is_displayed(world: World, made: object) -> None:
    pairs = list(itertools.product(STATUSES, CODES))
    rows = await world.rows(
        "jobs",
        f"select {STATE} as state from unnest($1::text[], $2::text[])"
        " with ordinality j(status, status_code, n) order by n",
        [status for status, _ in pairs],
        [code for _, code in pairs],
    )
    assert [row["state"] for row in rows] == [display(*pair).state for pair in pairs]
