"""`./just up`: the whole system on one machine, ready in seconds."""

import fcntl
import http.client
import importlib
import json
import os
import signal
import sys
import time
from collections.abc import Callable
from functools import partial
from pathlib import Path

from contracts.catalogue import SERVICES
from kit.process import listen

from launcher import batch
from launcher.configuration import OUTSIDE, Plan, Secrets, read_dotenv
from launcher.embedded.child import free_port
from launcher.embedded.nats import Nats
from launcher.embedded.postgres import Postgres
from launcher.prepare import prepare
from launcher.supervisor import Process, Supervisor, fork, import_everything, targets

_READY_WITHIN = 60.0


def say(text: str) -> None:
    print(text, flush=True)


class Stopped(Exception):
    """Somebody asked us to end."""


def main() -> None:
    options = sys.argv[1:]
    if unknown := [option for option in options if option != "--no-sandbox"]:
        sys.exit(f"There is no option {' '.join(unknown)}; there is --no-sandbox.")
    sandbox = not options
    home = Path(os.environ.get("JOBSERVER_HOME", ".jobserver")).absolute()
    home.mkdir(parents=True, exist_ok=True)
    (home / "logs").mkdir(exist_ok=True)
    lock = (home / "lock").open("w")
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        sys.exit(f"A job server is already running from {home}. Stop it, or choose another JOBSERVER_HOME.")
    port = os.environ.get("JOBSERVER_PORT", "8000")
    try:
        gateway = listen(int(port))
    except (OSError, ValueError, OverflowError) as exc:
        sys.exit(f"Port {port} cannot be used: {getattr(exc, 'strerror', exc)}.")
    for number in (signal.SIGTERM, signal.SIGINT, signal.SIGHUP):
        signal.signal(number, _stop)
    run(home, gateway, sandbox=sandbox)


def _stop(number: int, _: object) -> None:
    signal.signal(number, signal.SIG_IGN)
    raise Stopped


def run(home: Path, gateway: object, *, sandbox: bool) -> None:
    started = time.monotonic()
    outside = read_dotenv(Path(".env")) | {n: os.environ[n] for n in OUTSIDE if n in os.environ}
    outside |= {n: os.environ[n] for n in ("BASE_URL", "SECRET_KEY", "SANDBOX_PORT") if n in os.environ}
    if missing := Plan(home, Secrets(), {}, sandbox, outside).missing:
        sys.exit(f"For what the sandbox does not stand in .env must have {', '.join(missing)}.")
    made = Secrets.of(home)
    postgres = Postgres(home, made.postgres)
    nats = Nats(home, made.nats)
    names = targets(sandbox=sandbox)
    supervisor: Supervisor | None = None
    try:
        say("Starting PostgreSQL and NATS")
        postgres.start()
        nats.start()
        ports = {"postgres": postgres.port, "nats": nats.port, "smtp": free_port()}
        fixed = {"sandbox": int(outside.get("SANDBOX_PORT") or 0)}
        sockets = {name: gateway if name == "gateway" else listen(fixed.get(name, 0)) for name, _, _ in names}
        ports |= {name: sock.getsockname()[1] for name, sock in sockets.items()}  # type: ignore[attr-defined]
        plan = Plan(home, made, ports, sandbox, outside)
        say("Loading the programs")
        import_everything(names)
        say("Migrating the database")
        _in_child(home / "logs" / "migrate.log", lambda: prepare(plan, postgres.url()))
        processes = [
            Process(name, kind, target, plan.environment(name), sockets[name])  # type: ignore[arg-type]
            for name, kind, target in names
        ]
        say("Starting the services")
        supervisor = Supervisor(processes, home / "logs", say)
        supervisor.start_all()
        _write_run(plan, supervisor, postgres, nats)
        _wait(supervisor, ports)
        if sandbox:
            _make_demo(home, plan)
        say(f"ready {plan.base_url}")
        say(f"(after {time.monotonic() - started:.1f} s; logs in {home / 'logs'})")
        _tend(plan, supervisor, postgres, nats)
    except Stopped:
        say("Stopping")
    finally:
        if supervisor is not None:
            supervisor.stop_all()
        nats.stop()
        postgres.stop()
        (home / "run.json").unlink(missing_ok=True)


def _make_demo(home: Path, plan: Plan) -> None:
    """The sandbox's; only who wants a sandbox has it."""
    demo = importlib.import_module("sandbox.demo")
    world = demo.World(
        home=home,
        base_url=plan.base_url,
        url=f"http://localhost:{plan.ports['sandbox']}",
        stood_in=plan.stood_in,
    )
    demo.load(world, partial(batch.run, home, plan), say)


def _in_child(log: Path, work: Callable[[], None]) -> None:
    """The parent stays without loop, thread or connection, since it forks."""
    _, status = os.waitpid(fork(log, work), 0)
    if status:
        sys.exit(f"That failed:\n{log.read_text(errors='replace')[-3000:]}")


def _write_run(plan: Plan, supervisor: Supervisor, postgres: Postgres, nats: Nats) -> None:
    """Who runs where, and with what: for `manage`, `logs` and tests. It holds secrets."""
    file = plan.home / "run.json"
    file.touch(0o600)
    content = {
        "base_url": plan.base_url,
        "supervisor": os.getpid(),
        "processes": {
            p.name: {"pid": p.pid, "port": plan.ports[p.name], "environment": p.environment}
            for p in supervisor.processes
        },
        "owners": {service: plan.database_url(f"{service}_owner") for service in SERVICES},
        "postgres": {"port": plan.ports["postgres"], "pid": postgres.process and postgres.process.pid},
        "nats": {"port": plan.ports["nats"], "pid": nats.process and nats.process.pid},
    }
    temporary = file.with_suffix(".new")
    temporary.touch(0o600)
    temporary.write_text(json.dumps(content, indent=1))
    temporary.replace(file)


def _wait(supervisor: Supervisor, ports: dict[str, int]) -> None:
    """Until every process says that it is ready."""
    deadline = time.monotonic() + _READY_WITHIN
    waiting = {p.name for p in supervisor.processes}
    while waiting:
        supervisor.tend()
        waiting = {name for name in waiting if not _ready(ports[name])}
        if time.monotonic() > deadline:
            logs = "".join(f"\n{name}: {supervisor.last_words(name)}" for name in sorted(waiting))
            sys.exit(f"Not ready after {_READY_WITHIN:.0f} s:{logs}")
        time.sleep(0.03)


def _ready(port: int) -> bool:
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=1)
    try:
        connection.request("GET", "/health/ready")
        return connection.getresponse().status == 200
    except (OSError, http.client.HTTPException):
        return False
    finally:
        connection.close()


def _tend(plan: Plan, supervisor: Supervisor, postgres: Postgres, nats: Nats) -> None:
    """For ever: what dies is started again, the two servers included."""
    while True:
        changed = supervisor.tend()
        for name, server in (("PostgreSQL", postgres), ("NATS", nats)):
            if server.process is not None and server.process.poll() is not None:
                say(f"{name} ended; starting it again")
                try:
                    server.start()
                except RuntimeError as exc:  # the others may live on what they have; it is tried again
                    say(str(exc))
                    time.sleep(1)
                changed = True
        if changed:
            _write_run(plan, supervisor, postgres, nats)
        time.sleep(0.1)


if __name__ == "__main__":
    main()
