"""Children that die with their parent, whatever kills it."""

import contextlib
import ctypes
import os
import pwd
import random
import signal
import socket
import time
from collections.abc import Callable
from pathlib import Path

_PR_SET_PDEATHSIG = 1
_DYING = 1.0  # seconds in which a child that a killed server had just made lets go of its port
_libc = ctypes.CDLL(None, use_errno=True)


def die_with_parent(number: int = signal.SIGTERM) -> None:
    """Call in the child, after any change of user (which would clear it)."""
    _libc.prctl(_PR_SET_PDEATHSIG, number)


def before_exec(number: int, user: str | None = None) -> Callable[[], None]:
    """For Popen's preexec_fn: become `user` if named, leave the terminal's group, die with the parent."""

    def run() -> None:
        os.setpgid(0, 0)
        if user is not None:
            entry = pwd.getpwnam(user)
            os.initgroups(user, entry.pw_gid)
            os.setgid(entry.pw_gid)
            os.setuid(entry.pw_uid)
        die_with_parent(number)

    return run


def unprivileged_user() -> str | None:
    """Whom root becomes to run PostgreSQL: an existing account, nothing is created. None when not root."""
    if os.geteuid() != 0:
        return None
    for name in ("postgres", "nobody"):
        with contextlib.suppress(KeyError):
            pwd.getpwnam(name)
            return name
    raise RuntimeError("PostgreSQL does not run as root, and neither 'postgres' nor 'nobody' exists here.")


def reachable_by(user: str | None, path: Path) -> bool:
    """Whether `user` may enter every folder on the way to `path`."""
    if user is None:
        return True
    uid, gid = pwd.getpwnam(user).pw_uid, pwd.getpwnam(user).pw_gid
    for folder in [*reversed(path.resolve().parents)]:
        if not folder.exists():
            continue
        info = folder.stat()
        bit = 0o100 if info.st_uid == uid else 0o010 if info.st_gid == gid else 0o001
        if not info.st_mode & bit:
            return False
    return True


def free_port() -> int:
    """One that the system does not give to outgoing connections: a killed server must find it free again."""
    low = int(Path("/proc/sys/net/ipv4/ip_local_port_range").read_text().split()[0])
    while True:
        port = random.randrange(10_000, low) if low > 12_000 else 0
        with socket.socket() as probe, contextlib.suppress(OSError):
            probe.bind(("127.0.0.1", port))
            return int(probe.getsockname()[1])


def check_port(name: str, port: int) -> None:
    """Raises RuntimeError when somebody else listens there, whose answers could be taken for ours."""
    deadline = time.monotonic() + _DYING
    while True:
        with socket.socket() as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            try:
                return probe.bind(("127.0.0.1", port))
            except OSError as exc:
                if time.monotonic() > deadline:
                    raise RuntimeError(f"{name} cannot use port {port}: {exc.strerror}.") from exc
        time.sleep(0.02)
