from collections.abc import Iterator

import pytest
from testkit.stack import Stack
from testkit.visitor import Visitor


@pytest.fixture
def rosa(stack: Stack) -> Iterator[Visitor]:
    """A researcher of the demo project, logged in."""
    with Visitor(stack) as visitor:
        visitor.control("speed", {"seconds_per_job": 0.3})
        visitor.control("actions/report", {})  # whatever a test that failed left behind
        visitor.log_in("rosa")
        yield visitor
