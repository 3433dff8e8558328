"""`./just compose-test`: an engine, base images, the tests, and nothing left behind.

Uses the engine that answers, otherwise starts one of its own. With `--where-possible` it says in a line why
it cannot, and that is no failure.
"""

import os
import re
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import docker
import pytest
from docker.errors import ContainerError
from testkit.engine import NoEngine, connect, private

HERE = Path(__file__).parent
ROOT = HERE.parents[1]
STAND_IN = [sys.executable, str(ROOT / "deploy/stand-in/make.py")]
PROJECT = f"job-server-test-{os.getpid()}"
_STAGE = {"label": "jobserver.stage"}


@contextmanager
def an_engine(home: Path) -> Iterator[docker.DockerClient]:
    """Raises NoEngine."""
    try:
        engine = connect()
    except NoEngine as none:
        try:
            with private(home):
                yield connect()
        except NoEngine as exc:
            raise NoEngine(f"{none}, and {exc}") from exc
    else:
        yield engine


def compose_is_here() -> bool:
    """As a plugin of the client or as a program of its own; `deploy/demo` needs the client as well."""
    programs = [words for words in (["docker", "compose"], ["docker-compose"]) if shutil.which(words[0])]
    tried = [subprocess.run([*words, "version"], capture_output=True, check=False) for words in programs]
    return shutil.which("docker") is not None and any(one.returncode == 0 for one in tried)


@contextmanager
def base_images(engine: docker.DockerClient) -> Iterator[None]:
    """Stand-ins where the real ones cannot be had, for as long as they are needed. Raises NoEngine."""
    made = subprocess.run(STAND_IN, capture_output=True, text=True, check=False)
    try:
        if made.returncode:
            raise NoEngine(f"base images cannot be had: {(made.stderr.strip() or '?').splitlines()[-1]}")
        print(f"Stand-ins: {', '.join(made.stdout.split()) or 'none, the images are there'}", flush=True)
        check_network(engine)
        yield
    finally:
        if made.stdout:
            subprocess.run([*STAND_IN, "--remove"], check=True, stdout=subprocess.DEVNULL)


def check_network(engine: docker.DockerClient) -> None:
    """Images are built from the package index. Raises NoEngine."""
    base = re.findall(r"^FROM (\S+)", (ROOT / "deploy/Dockerfile").read_text(), re.M)[0]
    fetch = "pip download --quiet --no-deps --no-cache-dir --retries 1 --dest /tmp idna"
    try:
        engine.containers.run(base, fetch, remove=True)
    except ContainerError as exc:
        raise NoEngine("its containers do not reach the package index") from exc


def ours(engine: docker.DockerClient) -> set[tuple[str, str]]:
    """Everything that a test may leave behind: of its project, and images that are built for it."""
    label = {"label": f"com.docker.compose.project={PROJECT}"}
    found = {("container", one.name) for one in engine.containers.list(all=True, filters=label)}
    found |= {("volume", one.name) for one in engine.volumes.list(filters=label)}
    found |= {("network", one.name) for one in engine.networks.list(filters=label)}
    tags = [tag for image in engine.images.list() for tag in image.tags]
    found |= {("image", tag) for tag in tags if "job-server-" in tag}
    return found | {("image", one.id) for one in engine.images.list(filters=_STAGE | {"dangling": True})}


def remove_images(engine: docker.DockerClient, before: set[tuple[str, str]]) -> None:
    """Those that were not there before, with the stages they were built in and what they replaced."""
    for kind, name in sorted(ours(engine) - before):
        if kind == "image":
            engine.images.remove(name)


def test(engine: docker.DockerClient, options: list[str]) -> int:
    os.environ |= {"COMPOSE_PROJECT_NAME": PROJECT, "TEST_SERVERS": "containers"}
    before = ours(engine)
    with base_images(engine):
        # Building takes longer than a test may, and what follows a failure says little.
        code = int(pytest.main([str(HERE), "-x", "--timeout=1200", "-p", "no:cacheprovider", *options]))
        remove_images(engine, before)
    if left := ours(engine) - before:
        print(f"Left behind: {', '.join(f'{kind} {name}' for kind, name in sorted(left))}")
        return code or 1
    return code


def main() -> None:
    options = [word for word in sys.argv[1:] if word != "--where-possible"]
    try:
        if not compose_is_here():
            raise NoEngine("Docker's client with Compose is not here")
        with tempfile.TemporaryDirectory(prefix="js-") as home, an_engine(Path(home)) as engine:
            code = test(engine, options)
    except NoEngine as exc:
        print(f"The containers were not tried: {exc}.")
        code = int("--where-possible" not in sys.argv)
    sys.exit(code)


if __name__ == "__main__":
    main()
