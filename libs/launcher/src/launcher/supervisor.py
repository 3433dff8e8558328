"""Forks one child per process, keeps them alive, stops them all (ADR 5)."""

import gc
import importlib
import os
import signal
import socket
import sys
import time
import traceback
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import NoReturn

from contracts.catalogue import SERVICES

from launcher.embedded.child import die_with_parent

STOP_WITHIN = 8.0
_LOG_LIMIT = 20 * 1024 * 1024


@dataclass
class Process:
    """`target` is named as text, so that nothing here imports a service."""

    name: str
    kind: str  # app or worker
    target: str
    environment: dict[str, str]
    socket: socket.socket
    pid: int = 0
    started: float = 0.0
    failures: int = 0
    again_at: float = field(default=0.0)


def targets(*, sandbox: bool) -> list[tuple[str, str, str]]:
    """(name, kind, target) of every process, in the order in which they are started."""
    found = [("sandbox", "app", "sandbox.app:create")] if sandbox else []
    for service in SERVICES:
        found.append((service, "app", f"{service}.app:create"))
        found.append((f"{service}-worker", "worker", f"{service}.worker:main"))
    return [*found, ("gateway", "app", "gateway.app:create")]


def import_everything(names: list[tuple[str, str, str]]) -> None:
    """Once, in the parent: the children share its pages. No loop, thread or connection may come of it."""
    for _, _, target in names:
        importlib.import_module(target.partition(":")[0])
    for service in SERVICES:
        importlib.import_module(f"{service}.cli")
    for module in ("uvloop", "httptools", "uvicorn.protocols.http.httptools_impl", "uvicorn.lifespan.on"):
        importlib.import_module(module)
    gc.collect()
    gc.freeze()


def fork(log: Path, work: Callable[[], None], *, keep: socket.socket | None = None) -> int:
    """A child that runs `work` and exits with 0, or with 1 after writing why to its log."""
    parent = os.getpid()
    pid = os.fork()
    if pid:
        return pid
    _be_a_child(log, work, keep, parent)


def _be_a_child(log: Path, work: Callable[[], None], keep: socket.socket | None, parent: int) -> NoReturn:
    code = 1
    try:
        die_with_parent(signal.SIGTERM)
        if os.getppid() != parent:
            os._exit(1)
        os.setpgid(0, 0)  # Ctrl-C is for the parent, which then stops its children in order
        for number in (signal.SIGINT, signal.SIGTERM, signal.SIGCHLD):
            signal.signal(number, signal.SIG_DFL)
        if log.exists() and log.stat().st_size > _LOG_LIMIT:
            log.replace(log.with_suffix(".log.1"))
        out = os.open(log, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o644)
        null = os.open(os.devnull, os.O_RDONLY)
        os.dup2(null, 0)
        os.dup2(out, 1)
        os.dup2(out, 2)
        if keep is not None:
            keep.set_inheritable(True)
        work()
        code = 0
    except SystemExit as exc:
        code = exc.code if isinstance(exc.code, int) else 0 if exc.code is None else 1
    except BaseException:  # the child ends here whatever it was, and says what it was
        traceback.print_exc()
    finally:
        sys.stdout.flush()
        sys.stderr.flush()
        os._exit(code)


def run_process(process: Process) -> None:
    """What a child does: become that process, with its own variables only."""
    os.environ.clear()
    os.environ.update(process.environment)
    kit = importlib.import_module("kit.process")
    (kit.run_app if process.kind == "app" else kit.run_worker)(process.target, sock=process.socket)


class Supervisor:
    def __init__(self, processes: list[Process], logs: Path, say: Callable[[str], None]) -> None:
        self.processes = processes
        self._logs = logs
        self._say = say

    def start(self, process: Process) -> None:
        process.started = time.monotonic()
        process.pid = fork(self._logs / f"{process.name}.log", lambda: run_process(process))

    def last_words(self, name: str) -> str:
        """The end of a process's log."""
        return (self._logs / f"{name}.log").read_text(errors="replace").strip()[-500:]

    def start_all(self) -> None:
        for process in self.processes:
            self.start(process)

    def tend(self) -> bool:
        """Start children that died again, ever later if they keep dying. True if any changed."""
        changed = False
        now = time.monotonic()
        for process in self.processes:
            if process.pid and self._gone(process):
                ran = now - process.started
                process.failures = 0 if ran > 60 else process.failures + 1
                pause = 0.0 if process.failures <= 1 else min(2.0 ** (process.failures - 2), 30.0)
                process.pid, process.again_at, changed = 0, now + pause, True
                self._say(
                    f"{process.name} ended; starting it again" + (f" in {pause:.0f} s" if pause else "")
                )
            if not process.pid and now >= process.again_at:
                self.start(process)
                changed = True
        return changed

    def _gone(self, process: Process) -> bool:
        try:
            pid, _ = os.waitpid(process.pid, os.WNOHANG)
        except ChildProcessError:
            return True
        return pid != 0

    def stop_all(self) -> None:
        """All at once by SIGTERM; what is still there after some seconds is killed."""
        for process in self.processes:
            if process.pid:
                _signal(process.pid, signal.SIGTERM)
        deadline = time.monotonic() + STOP_WITHIN
        waiting = [process for process in self.processes if process.pid]
        while waiting and time.monotonic() < deadline:
            waiting = [process for process in waiting if not self._gone(process)]
            time.sleep(0.02)
        for process in waiting:
            _signal(process.pid, signal.SIGKILL)
            os.waitpid(process.pid, 0)


def _signal(pid: int, number: signal.Signals) -> None:
    try:
        os.kill(pid, number)
    except ProcessLookupError:
        return
