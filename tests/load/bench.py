"""`./just bench`: how fast the whole system is on this machine. A report, not a test: nothing fails here."""

import argparse
import json
import secrets
import tempfile
import time
from datetime import UTC, datetime, timedelta
from pathlib import Path
from urllib.parse import urlsplit

import asyncpg
import sync
import uvloop
from airlock import EXPECTED, ONCE, airlock_rows
from asked import LIMITED, Asked, asked
from cpu import Meter, below, used
from kit.identity import Signer
from kit.tokens import TokenHasher
from rawclient import Load, measure, request
from seed import PERSON, REQUESTS, seed, workspace
from single import REDIRECTED, single_rows
from slow import open_pages, slow_clients
from testkit.stack import Stack, running_stack


async def session_cookie(stack: Stack, superuser: str) -> str:
    """A session of the load tester, as identity would have made it; the Cookie header."""
    token, keys = secrets.token_urlsafe(32), stack.run["processes"]["identity"]["environment"]["TOKEN_KEYS"]
    stored = TokenHasher(dict([keys.split("=", 1)])).hash(token)
    connection = await asyncpg.connect(superuser)
    try:
        await connection.execute(
            "insert into identity.sessions (token_hash, user_id, expires_at, user_agent)"
            " values ($1, $2, $3, '')",
            stored,
            PERSON,
            datetime.now(UTC) + timedelta(days=1),
        )
    finally:
        await connection.close()
    return f"session_{urlsplit(stack.url).port}={token}"


def direct(stack: Stack) -> Asked:
    """Statuses straight from the jobs service, to see what the proxy adds."""
    run = stack.run["processes"]
    signer = Signer("gateway", run["gateway"]["environment"]["SIGNING_KEY"])
    statement = signer.sign(kind="backend", backend="tpp")
    url = f"http://127.0.0.1:{run['jobs']['port']}/api/v2/workspaces"
    return [
        request(f"{url}/{workspace(n)}/statuses/", {"X-Job-Server-Identity": statement})
        for n in range(0, 300, 7)
    ]


def print_loads(loads: list[Load]) -> None:
    heads = f"{'at once':>8}{'per second':>12}{'p50 ms':>9}{'p99 ms':>9}{'CPU ms':>8}{'of SQL':>8}"
    print(f"\n{'':28}{heads}  wrong")
    for load in loads:
        wrong = ", ".join(f"{status}×{count}" for status, count in load.bad.items())
        print(
            f"{load.name:28}{load.concurrency:>8}{load.per_second:>12,.0f}{load.p50:>9.2f}{load.p99:>9.1f}"
            f"{load.cpu['application']:>8.2f}{load.cpu['PostgreSQL']:>8.2f}  {wrong}",
            flush=True,
        )


def memory(stack: Stack) -> dict[str, float]:
    """PSS in MB of the supervisor and everything below it."""
    names = {p["pid"]: name for name, p in stack.run["processes"].items()} | {stack.process.pid: "supervisor"}
    found: dict[str, float] = {}
    for pid in below(stack.process.pid):
        try:
            rollup = Path(f"/proc/{pid}/smaps_rollup").read_text()
            name = names.get(pid) or Path(f"/proc/{pid}/comm").read_text().strip()
        except OSError:
            continue
        size = next(int(line.split()[1]) for line in rollup.splitlines() if line.startswith("Pss:")) / 1024
        found[name] = found.get(name, 0.0) + size
    return found


_ALONE = ONCE | LIMITED
_EXPECTED = EXPECTED | REDIRECTED


async def report(stack: Stack, options: argparse.Namespace) -> None:
    superuser = json.loads((stack.home / "secrets.json").read_text())["postgres"]
    url = f"postgresql://postgres:{superuser}@127.0.0.1:{stack.run['postgres']['port']}/jobserver"
    print(f"Seeded in {await seed(url, options.requests):.0f} s", flush=True)
    session = await session_cookie(stack, url)
    pages = asked(stack, session)
    pages |= await single_rows(stack, url, session) | await airlock_rows(stack, url)
    chosen = [name for name in pages if not options.only or options.only in name]
    meter = Meter(stack.process.pid)
    await meter.rest(5)
    idle = ", ".join(f"{kind} {share:.1%}" for kind, share in meter.idle.items())
    print(f"CPU while nobody asks, of a core: {idle}", flush=True)

    async def row(name: str, rows: Asked, at_once: int, seconds: float = options.seconds) -> Load:
        await meter.settle(name)
        before = used(stack.process.pid)
        load = await measure(name, rows, at_once, seconds, expected=_EXPECTED.get(name, 200))
        load.cpu = meter.since(before, load.whole, load.asked)
        return load

    loads = [await row(n, pages[n], c) for n in chosen for c in ((1,) if n in _ALONE else (1, 16, 64))]
    if not options.only or "statuses" in options.only:
        loads.append(await row("statuses, no proxy", direct(stack), 1))
    if not options.only or "slow" in options.only:
        async with slow_clients(stack.url, 200):
            name = "workspace, 200 slow"
            loads.append(await row(name, pages["workspace page"], 1))
        async with open_pages(stack.url, 5000):
            name = "workspace, 5,000 live"
            loads.append(await row(name, pages["workspace page"], 1, options.seconds * 3))
            print(f"Gateway with 5,000 open pages: {memory(stack)['gateway']:.0f} MB", flush=True)
        loads.append(await row("workspace, nobody else", pages["workspace page"], 1))
    print_loads(loads)
    if meter.restless:
        print(f"The system was still busy before: {', '.join(meter.restless)}")
    if options.only and "sync" not in options.only:
        return
    environment = stack.run["processes"]["jobs"]["environment"]
    print(f"\n{'status sync, 1,000 × 6':32}{'jobs per second':>16}{'statements per batch':>22}")
    for what, speed, statements in await sync.measure(environment, url):
        print(f"{what:32}{speed:>16,.0f}{statements:>22.1f}", flush=True)
    times = await sync.commit_to_browser(stack.url, environment, url, 300)
    print(f"\nFrom commit to the browser's stream: {sync.summary(times)}")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seconds", type=float, default=4, help="of each measurement")
    parser.add_argument("--only", default="", help="part of a row's name, or sync")
    parser.add_argument("--requests", type=int, default=REQUESTS, help="in the seeded database")
    parser.add_argument(
        "--scale",
        action="store_const",
        const=1_000_000,
        dest="requests",
        help="a million, with six jobs each",
    )
    parser.add_argument("--home", type=Path, help="keep the seeded system here")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as temporary:
        home = options.home or Path(temporary) / "home"
        with running_stack(home) as stack:
            print(f"First start to ready: {stack.seconds:.1f} s")
        with running_stack(home) as stack:
            print(f"Second start to ready: {stack.seconds:.1f} s")
            time.sleep(10)  # what start-up leaves behind settles
            sizes = memory(stack)
            parts = ", ".join(
                f"{name} {size:.0f}" for name, size in sorted(sizes.items(), key=lambda s: -s[1])
            )
            print(f"Idle PSS: {sum(sizes.values()):.0f} MB ({parts})", flush=True)
            uvloop.run(report(stack, options))  # as the worker whose sync is measured


if __name__ == "__main__":
    main()
