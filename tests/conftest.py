"""One running system for all tests that drive it whole; xdist keeps them on one worker."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from testkit.stack import Stack, running_stack

_WHOLE = {"e2e", "browser"}


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    for item in items:
        for folder in _WHOLE.intersection(Path(item.path).parts):
            item.add_marker(getattr(pytest.mark, folder))
            item.add_marker(pytest.mark.xdist_group("stack"))


@pytest.fixture(scope="session")
def stack(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stack]:
    with running_stack(tmp_path_factory.mktemp("stack") / "home") as running:
        yield running
