from pathlib import Path

import pytest
from testkit.choice import choose
from testkit.servers import nats_server, postgres_server


def test_a_server_that_is_named_is_used_and_none_is_started(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("TEST_DATABASE_URL", "postgresql://somebody@db.test/x")
    monkeypatch.setenv("TEST_NATS_URL", "nats://nats.test")
    with postgres_server(tmp_path) as database, nats_server(tmp_path) as broker:
        assert (database, broker) == ("postgresql://somebody@db.test/x", "nats://nats.test")
    assert not list(tmp_path.iterdir())


NAMED = {"TEST_DATABASE_URL": "postgresql://db.test/x", "TEST_NATS_URL": "nats://nats.test"}


@pytest.mark.parametrize(
    ("variables", "words"),
    [
        (NAMED, "those that TEST_DATABASE_URL and TEST_NATS_URL name"),
        ({"TEST_SERVERS": "embedded"}, "embedded, as TEST_SERVERS says"),
        ({"TEST_SERVERS": "containers"}, "containers, as TEST_SERVERS says"),
        (
            {"TEST_SERVERS": "embedded", "TEST_NATS_URL": "nats://nats.test"},
            "embedded, as TEST_SERVERS says; NATS is the one that TEST_NATS_URL names",
        ),
    ],
)
def test_what_is_asked_for_is_used(variables: dict[str, str], words: str) -> None:
    assert choose(dict(variables)) == words


def test_another_word_is_refused() -> None:
    with pytest.raises(ValueError, match="it is docker"):
        choose({"TEST_SERVERS": "docker"})


def test_without_an_engine_that_answers_the_wheels_servers_are_used_and_the_workers_are_told(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("DOCKER_HOST", f"unix://{tmp_path}/docker.sock")
    variables: dict[str, str] = {}
    assert choose(variables) == f"embedded, since no Docker engine answers at unix://{tmp_path}/docker.sock"
    assert variables == {"TEST_SERVERS": "embedded"}
    assert choose(variables) == "embedded, as TEST_SERVERS says"
