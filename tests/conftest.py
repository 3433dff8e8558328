"""One running system for all tests that drive it whole; xdist keeps them on one worker."""

import shutil
from collections.abc import Iterator

import httpx
import pytest
from testkit.stack import Stack, running_stack
from testkit.waiting import until


@pytest.fixture(scope="session")
def stack(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stack]:
    home = tmp_path_factory.mktemp("stack") / "home"
    with running_stack(home) as running:
        yield running
    shutil.rmtree((home / "postgres").resolve(), ignore_errors=True)


@pytest.fixture(autouse=True)
def nothing_is_left_running(request: pytest.FixtureRequest) -> Iterator[None]:
    """The controller does not run an action twice at once, so what one test leaves is missing in the next."""
    yield
    if "stack" not in request.fixturenames:
        return
    stack: Stack = request.getfixturevalue("stack")
    with httpx.Client(base_url=f"{stack.sandbox}/control") as control:
        control.post("/speed", json={"seconds_per_job": 0.1}).raise_for_status()

        def idle() -> bool:
            return all(
                job["status"] not in {"pending", "running"} for job in control.get("/state").json()["jobs"]
            )

        until(idle)
