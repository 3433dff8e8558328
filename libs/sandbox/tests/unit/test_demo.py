from pathlib import Path
from typing import Any

from sandbox.demo import World, addresses


def test_there_are_pages_for_what_is_stood_in_for_and_for_nothing_else(tmp_path: Path) -> None:
    def run(service: str, lines: list[list[str]]) -> list[dict[str, Any]]:
        raise AssertionError

    world = World(tmp_path, "http://jobs.test", "http://sandbox.test", ["github", "mailbox"], run)
    assert addresses(world) == {
        "url": "http://jobs.test",
        "sandbox": {
            "url": "http://sandbox.test",
            "github": "http://sandbox.test/github/issues",
            "mailbox": "http://sandbox.test/mailbox",
        },
    }
