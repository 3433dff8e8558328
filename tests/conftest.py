"""One running system for all tests that drive it whole; xdist keeps them on one worker."""

from collections.abc import Iterator

import pytest
from testkit.stack import Stack, running_stack


@pytest.fixture(scope="session")
def stack(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stack]:
    with running_stack(tmp_path_factory.mktemp("stack") / "home") as running:
        yield running
