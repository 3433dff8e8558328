import json
from pathlib import Path

import pytest
from sandbox import steps
from sandbox.demo import BACKEND, World, addresses, people


def test_there_are_pages_for_what_is_stood_in_for_and_for_nothing_else(tmp_path: Path) -> None:
    world = World(tmp_path, "http://jobs.test", "http://sandbox.test", ["github", "mailbox"])
    assert addresses(world) == {
        "url": "http://jobs.test",
        "sandbox": {
            "url": "http://sandbox.test",
            "github": "http://sandbox.test/github/issues",
            "mailbox": "http://sandbox.test/mailbox",
        },
    }


def test_containers_are_told_their_commands_and_what_they_said_becomes_the_demo_world(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    world = World(tmp_path, "http://jobs.test", "http://sandbox.test")
    steps.write(world)
    lines = [json.loads(line) for line in (tmp_path / "demo/people.jsonl").read_text().splitlines()]
    assert lines[:-1] == [[*words, "--json"] for words in people()]
    assert lines[-1] == ["create_backend", BACKEND, "--rotate", "--json"], (
        "its token is not kept anywhere yet"
    )
    said = [{"slug": BACKEND, "token": None}, {"username": "ada"}, {"slug": BACKEND, "token": "t" * 40}]
    (tmp_path / "demo/people.said").write_text("".join(json.dumps(row) + "\n" for row in said))
    steps.tell(world)
    told = json.loads(world.file.read_text())
    assert (told["backend"]["token"], told["url"]) == ("t" * 40, "http://jobs.test")
    assert "http://jobs.test" in capsys.readouterr().out

    steps.write(world)
    assert "--rotate" not in (tmp_path / "demo/people.jsonl").read_text(), "a token that is known stays valid"
    (tmp_path / "demo/people.said").write_text("")
    steps.tell(World(tmp_path, "http://elsewhere.test", "http://sandbox.test"))
    told = json.loads(world.file.read_text())
    assert (told["backend"]["token"], told["url"]) == ("t" * 40, "http://elsewhere.test")
