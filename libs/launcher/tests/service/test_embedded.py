"""PostgreSQL and NATS under our own launchers."""

import asyncio
import os
import shutil
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import asyncpg
import nats
import pytest
from contracts.catalogue import SERVICES
from launcher.embedded import child
from launcher.embedded.nats import USERS, Nats
from launcher.embedded.postgres import Postgres
from nats.js.errors import APIError
from testkit.waiting import until
from testkit.world import World

PASSWORDS = {user: f"{user}-password" for user in USERS}


@pytest.fixture
def postgres() -> Iterator[Callable[..., Postgres]]:
    """`postgres(home)` makes a server that ends with the test; what it wrote goes too."""
    made: list[Postgres] = []

    def make(home: Path, password: str = "secret", **more: Any) -> Postgres:
        made.append(Postgres(home, password, **more))
        return made[-1]

    yield make
    for server in made:
        server.stop()
        shutil.rmtree(server.place.data, ignore_errors=True)


@pytest.fixture
def broker() -> Iterator[Callable[..., Nats]]:
    made: list[Nats] = []

    def make(home: Path, **more: Any) -> Nats:
        made.append(Nats(home, PASSWORDS, **more))
        return made[-1]

    yield make
    for server in made:
        server.stop()


async def ask(server: Postgres, sql: str, **more: str) -> Any:
    connection = await asyncpg.connect(server.url(**more))
    try:
        return await connection.fetchval(sql)
    finally:
        await connection.close()


async def test_a_second_start_keeps_the_data_and_the_first_password(
    tmp_path: Path, postgres: Callable[..., Postgres]
) -> None:
    home = tmp_path / "a home with spaces, 'quotes' and ü"
    home.mkdir()
    first = postgres(home)
    first.start()
    await ask(first, "create table kept (x int)")
    first.stop()
    assert first.process
    assert first.process.returncode == 0
    second = postgres(home)
    second.start()
    assert await ask(second, "select count(*) from kept") == 0
    with pytest.raises(asyncpg.InvalidPasswordError):
        await ask(second, "select 1", password="wrong")


async def test_a_killed_server_recovers_what_was_committed(
    tmp_path: Path, postgres: Callable[..., Postgres]
) -> None:
    server = postgres(tmp_path)
    server.start()
    await ask(server, "create table kept (x int)")
    assert server.process
    server.process.kill()
    server.process.wait()
    assert (server.place.data / "postmaster.pid").exists()
    server.start()
    assert await ask(server, "select count(*) from kept") == 0


async def test_a_lock_that_names_another_program_is_no_obstacle(
    tmp_path: Path, postgres: Callable[..., Postgres], world: World
) -> None:
    """Process numbers are used again: even by the PostgreSQL of somebody else."""
    connection = await asyncpg.connect(world.database)
    other = await connection.fetchval("select pg_backend_pid()")
    server = postgres(tmp_path)
    server.start()
    for pid in (os.getpid(), other):
        assert server.process
        server.process.kill()
        server.process.wait()
        lock = server.place.data / "postmaster.pid"
        lock.write_text("\n".join([str(pid), *lock.read_text().split("\n")[1:]]))
        server.start()
    assert await ask(server, "select 1") == 1
    await connection.close()


async def test_a_first_start_killed_half_way_is_begun_again(
    tmp_path: Path, postgres: Callable[..., Postgres]
) -> None:
    server = postgres(tmp_path)
    half = server.place.data.with_name(f"{server.place.data.name}.new")
    (half / "base").mkdir(parents=True)
    (half / "PG_VERSION").write_text("18\n")
    server.start()
    assert await ask(server, "select 1") == 1
    assert not half.exists()


@pytest.fixture
def impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(child, "_DYING", 0.1)


@pytest.mark.usefixtures("impatient")
def test_a_taken_port_is_said(
    tmp_path: Path, postgres: Callable[..., Postgres], broker: Callable[..., Nats]
) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        for server in (postgres(tmp_path, port=port), broker(tmp_path, port=port)):
            with pytest.raises(RuntimeError, match=f"port {port}: Address already in use"):
                server.start()
            assert server.process is None


def test_who_still_holds_the_port_of_a_killed_server_is_waited_for() -> None:
    dying = socket.create_server(("127.0.0.1", 0))
    soon = threading.Timer(0.2, dying.close)
    soon.start()
    child.check_port("PostgreSQL", dying.getsockname()[1])
    soon.join()


def test_no_outgoing_connection_is_given_the_port_of_a_server() -> None:
    first, last = map(int, Path("/proc/sys/net/ipv4/ip_local_port_range").read_text().split())
    assert all(child.free_port() not in range(first, last + 1) for _ in range(50))


@pytest.mark.usefixtures("impatient")
def test_a_port_where_another_server_answers_is_not_taken_for_ours(
    tmp_path: Path, postgres: Callable[..., Postgres], broker: Callable[..., Nats], world: World
) -> None:
    postgres_port, nats_port = urlsplit(world.database).port, urlsplit(world.nats_url).port
    for server in (postgres(tmp_path, port=postgres_port), broker(tmp_path, port=nats_port)):
        with pytest.raises(RuntimeError, match="in use"):
            server.start()


def test_a_server_that_cannot_start_shows_the_end_of_its_log(
    tmp_path: Path, broker: Callable[..., Nats]
) -> None:
    server = broker(tmp_path)
    (tmp_path / "nats").mkdir()
    (tmp_path / "nats" / "jetstream").write_text("not a folder")
    with pytest.raises(
        RuntimeError, match=r"NATS did not start:\n(?s:.*)storage directory is not a directory"
    ):
        server.start()


async def test_nats_keeps_its_streams_over_a_stop_and_a_kill(
    tmp_path: Path, broker: Callable[..., Nats]
) -> None:
    home = tmp_path / 'odd "home" with spaces'
    home.mkdir()
    server = broker(home)
    server.start()
    client = await nats.connect(server.url())
    js = client.jetstream()
    await js.add_stream(name="facts", subjects=["facts.>"])
    await js.publish("facts.one", b"kept")
    await client.close()
    server.stop()
    for _ in range(2):
        server = broker(home)
        server.start()
        client = await nats.connect(server.url())
        assert (await client.jetstream().stream_info("facts")).state.messages == 1
        await client.close()
        assert server.process
        server.process.kill()
        server.process.wait()


async def test_nobody_speaks_in_anothers_name(tmp_path: Path, broker: Callable[..., Nats]) -> None:
    """A service says its own facts only; the gateway says none at all; strangers are not let in."""
    server = broker(tmp_path)
    server.start()
    everything = await nats.connect(server.url())
    heard: asyncio.Queue[str] = asyncio.Queue()

    async def note(message: Any) -> None:
        await heard.put(message.subject)

    await everything.subscribe(">", cb=note)
    await everything.flush()
    for user in (*SERVICES, "gateway"):
        client = await nats.connect(server.url(user), error_cb=_ignore)
        for service in SERVICES:
            await client.publish(f"{service}.by.{user}", b"")
        await client.publish(f"wake.jobs.by.{user}", b"")
        await client.publish("wake.jobs", b"")
        await client.flush()
        await client.close()
    said = [await asyncio.wait_for(heard.get(), 5) for _ in range(2 * len(SERVICES) + 1)]
    assert heard.empty()
    assert sorted(s for s in said if s != "wake.jobs") == sorted(f"{s}.by.{s}" for s in SERVICES)
    with pytest.raises(Exception, match=r"(?i)authorization"):
        await nats.connect(f"nats://jobs:wrong@127.0.0.1:{server.port}", allow_reconnect=False)
    gateway = await nats.connect(server.url("gateway"), error_cb=_ignore)
    with pytest.raises((APIError, nats.errors.Error, TimeoutError)):
        await gateway.jetstream(timeout=0.3).stream_info("facts")
    await gateway.close()
    await everything.close()


async def _ignore(_: Exception) -> None:
    return


def test_the_servers_end_with_whoever_started_them(tmp_path: Path) -> None:
    code = "import sys, time; from pathlib import Path\n"
    code += (
        "from launcher.embedded.nats import USERS, Nats; from launcher.embedded.postgres import Postgres\n"
    )
    code += "home = Path(sys.argv[1]); postgres = Postgres(home, 'x'); postgres.start()\n"
    code += "broker = Nats(home, dict.fromkeys(USERS, 'x')); broker.start()\n"
    code += "print(postgres.process.pid, broker.process.pid, postgres.place.data, flush=True); time.sleep(60)"
    parent = subprocess.Popen([sys.executable, "-c", code, str(tmp_path)], stdout=subprocess.PIPE, text=True)
    assert parent.stdout
    said = parent.stdout.readline().split(maxsplit=2)
    parent.send_signal(signal.SIGKILL)
    parent.wait()
    parent.stdout.close()
    began = time.monotonic()
    until(lambda: not any(_runs(int(pid)) for pid in said[:2]))
    assert time.monotonic() - began < 10
    shutil.rmtree(said[2].strip())


def _runs(pid: int) -> bool:
    try:
        state = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0]
    except FileNotFoundError:
        return False
    return state != "Z"  # nobody may be there to bury it
