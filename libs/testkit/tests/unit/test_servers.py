from pathlib import Path

import pytest
from testkit.servers import nats_server, postgres_server


def test_a_server_that_is_named_is_used_and_none_is_started(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("TEST_DATABASE_URL", "postgresql://somebody@db.test/x")
    monkeypatch.setenv("TEST_NATS_URL", "nats://nats.test")
    with postgres_server(tmp_path) as database, nats_server(tmp_path) as broker:
        assert (database, broker) == ("postgresql://somebody@db.test/x", "nats://nats.test")
    assert not list(tmp_path.iterdir())
