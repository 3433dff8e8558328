"""One running system for all tests that drive it whole; xdist keeps them on one worker."""

import shutil
from collections.abc import Iterator

import pytest
from testkit.stack import Stack, running_stack


@pytest.fixture(scope="session")
def stack(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stack]:
    home = tmp_path_factory.mktemp("stack") / "home"
    with running_stack(home) as running:
        yield running
    shutil.rmtree((home / "postgres").resolve(), ignore_errors=True)
