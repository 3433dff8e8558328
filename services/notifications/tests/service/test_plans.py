"""Whatever the list of deliveries is asked for, it finds by an index, at a hundred thousand of them (N3)."""

from collections.abc import AsyncIterator

import pytest
from notifications import queries
from notifications.queries import Filter
from testkit.plans import Watched, watched
from testkit.world import World

pytestmark = pytest.mark.xdist_group("plans of notifications")  # filled once

# Nearly all were delivered; what was given up is old.
_SEEDS = (
    "insert into known_users (id, version, username, fullname, org_ids)"
    " select n, 1, 'user-' || n, 'Person ' || n, '{}' from generate_series(1, 500) n",
    """insert into deliveries (key, channel, recipient_id, recipient, template, subject, context, status,
      created_at)
    select 'job_request:' || n || ':finished', case when n % 9 = 0 then 'slack' else 'email' end, 1 + n % 500,
      '', 'job_request_finished', 'succeeded: [os space] report', '{}',
      case when n > 99980 then 'waiting' when n in (7, 8, 9) then 'given_up' else 'delivered' end,
      now() - (100000 - n) * interval '10 minutes' from generate_series(1, 100000) n""",
)


@pytest.fixture(scope="module")
async def database(world: World) -> AsyncIterator[Watched]:
    async with watched(world, "notifications", *_SEEDS) as database:
        yield database


@pytest.mark.parametrize(
    ("status", "counts"),
    [(None, [25, 25]), ("waiting", [20, 0]), ("given_up", [3, 3]), ("delivered", [25, 25])],
)
async def test_no_state_is_looked_for_among_all_deliveries(
    database: Watched, status: str | None, counts: list[int]
) -> None:
    found = [await queries.deliveries(database, Filter(status), before) for before in (None, 60_000)]
    assert [len(rows) for rows in found] == counts
    await database.refuse_walks()
