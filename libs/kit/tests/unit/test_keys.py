"""`python -m kit.keys`: every secret of the containers, new."""

import re
from pathlib import Path

import pytest
from contracts.catalogue import SERVICES
from kit import keys
from kit.identity import Signer, Verifier
from kit.settings import Settings
from kit.tokens import TokenHasher

COMPOSE = (Path(__file__).parents[4] / "docker-compose.yml").read_text()
# What only the operator can know; the sandbox has its own.
FROM_OUTSIDE = {"RAP_API_BASE_URL", "RAP_API_TOKEN"}


@pytest.fixture
def made(capsys: pytest.CaptureFixture[str]) -> dict[str, str]:
    keys.main()
    return dict(line.split("=", 1) for line in capsys.readouterr().out.splitlines())


def test_every_secret_that_compose_must_have_is_made_and_no_other(made: dict[str, str]) -> None:
    asked = set(re.findall(r"\$\{([A-Z_]+):\?", COMPOSE))
    assert asked - FROM_OUTSIDE == made.keys()
    assert not made.keys() & FROM_OUTSIDE


def test_every_secret_is_long_and_its_own_and_new_each_time(
    made: dict[str, str], capsys: pytest.CaptureFixture[str]
) -> None:
    assert all(len(value) > 30 for value in made.values())
    assert len(set(made.values())) == len(made)
    keys.main()
    again = dict(line.split("=", 1) for line in capsys.readouterr().out.splitlines())
    assert not set(made.values()) & set(again.values())


def test_passwords_can_stand_in_an_address_and_in_a_configuration(made: dict[str, str]) -> None:
    passwords = {name: value for name, value in made.items() if name.endswith("_PASSWORD")}
    assert len(passwords) > 15
    assert [name for name, value in passwords.items() if not re.fullmatch("[a-z][a-z0-9]{30,}", value)] == []


def test_what_a_process_signs_with_its_key_the_others_believe(made: dict[str, str]) -> None:
    settings = Settings(nats_url="n", signing_key="k", verify_keys=made["VERIFY_KEYS"])  # type: ignore[arg-type]
    verifier = Verifier(settings.verify_keys)
    for name in (*SERVICES, "gateway"):
        actor = verifier.verify(Signer(name, made[f"{name.upper()}_SIGNING_KEY"]).service())
        assert actor is not None
        assert actor.statement.iss == name


def test_token_keys_are_pairs_that_hash(made: dict[str, str]) -> None:
    [(key_id, secret)] = [pair.split("=", 1) for pair in made["TOKEN_KEYS"].split(",")]
    assert TokenHasher({key_id: secret}).hash("token").startswith("k1:")
