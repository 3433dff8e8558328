"""Docker engines: whether one answers, what it has, and one of our own that leaves no file or network."""

import json
import os
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import docker
from docker.errors import APIError, DockerException, ImageNotFound
from launcher.embedded.child import before_exec

_USUAL = Path("/var/run/docker.sock")
_STARTS_WITHIN = 30.0
# Of the private engine, so that it needs no rules but these and meets no other engine's networks.
_NETWORK = "10.213.0.0/16"
_BRIDGE = "10.213.0.1/24"


class NoEngine(Exception):
    """Why there is none, as the end of a sentence."""


def connect() -> docker.DockerClient:
    """To the engine that DOCKER_HOST, Docker's context or the usual socket names. Raises NoEngine."""
    contexts = Path.home() / ".docker" / "contexts"
    if not (os.environ.get("DOCKER_HOST") or _USUAL.exists() or contexts.exists()):
        raise NoEngine("no Docker engine is here")
    from testcontainers.core.docker_client import DockerClient  # half a second, for the few who get here

    try:
        DockerClient(timeout=2).client.ping()
        return DockerClient(timeout=300).client
    except (DockerException, OSError) as exc:
        raise NoEngine(f"no Docker engine answers at {address()}") from exc


def address() -> str:
    """Known once it was asked: testcontainers leaves there what Docker's context says."""
    return os.environ.get("DOCKER_HOST") or f"unix://{_USUAL}"


def has(engine: docker.DockerClient, image: str) -> bool:
    try:
        engine.images.get(image)
    except ImageNotFound:
        return False
    return True


def pulled(engine: docker.DockerClient, image: str) -> bool:
    """Whether a registry gave it; says that it asks, since that may take minutes."""
    print(f"Pulling {image}", file=sys.stderr, flush=True)
    try:
        engine.images.pull(image)
    except (APIError, OSError):  # refused, unknown there, or nobody answers
        return False
    return True


@contextmanager
def private(home: Path) -> Iterator[None]:
    """An engine on a socket in `home`, named by DOCKER_HOST meanwhile. Raises NoEngine."""
    if os.geteuid() != 0 or not all(map(shutil.which, ("dockerd", "ip", "iptables"))):
        raise NoEngine("none can be started (that needs root, dockerd, ip and iptables)")
    before, bridge = os.environ.get("DOCKER_HOST"), f"js{os.getpid()}"
    with _network(bridge), (home / "dockerd.log").open("w+") as log:
        process = subprocess.Popen(
            _command(home, bridge), stdout=log, stderr=log, preexec_fn=before_exec(signal.SIGTERM)
        )
        os.environ["DOCKER_HOST"] = f"unix://{home / 'docker.sock'}"
        try:
            _wait(process, home)
            yield
        finally:
            os.environ.pop("DOCKER_HOST") if before is None else os.environ.update(DOCKER_HOST=before)
            process.terminate()
            process.wait(60)


def _command(home: Path, bridge: str) -> list[str]:
    (home / "daemon.json").write_text(
        json.dumps({"default-address-pools": [{"base": _NETWORK, "size": 24}], "bridge": bridge})
    )
    places = {"config-file": "daemon.json", "data-root": "data", "exec-root": "run", "pidfile": "pid"}
    options = [f"--{option}={home / name}" for option, name in places.items()]
    # Another engine keeps its rules in chains of the same names.
    return ["dockerd", *options, f"--host=unix://{home / 'docker.sock'}", "--iptables=false"]


def _wait(process: subprocess.Popen[bytes], home: Path) -> None:
    deadline = time.monotonic() + _STARTS_WITHIN
    while True:
        try:
            if (home / "docker.sock").exists():
                connect()
                return
        except NoEngine:
            pass  # it is still starting
        if process.poll() is not None or time.monotonic() > deadline:
            words = (home / "dockerd.log").read_text().strip().splitlines() or ["it said nothing"]
            raise NoEngine(f"dockerd did not start: {words[-1][-200:]}")
        time.sleep(0.1)


@contextmanager
def _network(bridge: str) -> Iterator[None]:
    """A bridge, and the rules by which what is on our networks reaches the world."""
    rules = [
        ["POSTROUTING", "-t", "nat", "-s", _NETWORK, "!", "-d", _NETWORK, "-j", "MASQUERADE"],
        ["FORWARD", "-s", _NETWORK, "-j", "ACCEPT"],
        ["FORWARD", "-d", _NETWORK, "-j", "ACCEPT"],
    ]
    mark = ["-m", "comment", "--comment", bridge]
    try:
        _must("ip", "link", "add", bridge, "type", "bridge")
        _must("ip", "address", "add", _BRIDGE, "dev", bridge)
        _must("ip", "link", "set", bridge, "up")
        for rule in rules:
            _must("iptables", "-w", "-I", *rule, *mark)
        yield
    finally:
        for rule in rules:
            subprocess.run(["iptables", "-w", "-D", *rule, *mark], check=False, capture_output=True)
        subprocess.run(["ip", "link", "delete", bridge], check=False, capture_output=True)


def _must(*command: str) -> None:
    done = subprocess.run(command, check=False, capture_output=True, text=True)
    if done.returncode:
        raise NoEngine(f"none can be started ({' '.join(command)}: {done.stderr.strip()})")
