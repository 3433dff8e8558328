"""Variables are read once, and what is missing or odd stops the start."""

import pytest
from kit import keys
from kit.identity import Signer, Verifier
from kit.settings import Pairs, ServiceSettings, Settings
from pydantic import ValidationError

NEEDED = {"NATS_URL": "nats://127.0.0.1:1", "SIGNING_KEY": "key", "VERIFY_KEYS": "gateway=a"}


class WithPairs(Settings):
    pairs: Pairs


@pytest.fixture(autouse=True)
def environment(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in [field.upper() for field in ServiceSettings.model_fields]:
        monkeypatch.delenv(name, raising=False)
    for name, value in NEEDED.items():
        monkeypatch.setenv(name, value)


@pytest.mark.parametrize(
    ("text", "pairs"),
    [
        ("gateway=a,jobs=b", {"gateway": "a", "jobs": "b"}),
        ("gateway=a==,jobs=b=c=", {"gateway": "a==", "jobs": "b=c="}),
        ("k2=new,k1=old", {"k2": "new", "k1": "old"}),
        ("gateway=", {"gateway": ""}),
        ("gateway=a,", {"gateway": "a"}),
        ("", {}),
    ],
)
def test_pairs_are_names_and_values_in_their_order(
    monkeypatch: pytest.MonkeyPatch, text: str, pairs: dict[str, str]
) -> None:
    monkeypatch.setenv("PAIRS", text)
    found = WithPairs().pairs  # type: ignore[call-arg]
    assert list(found.items()) == list(pairs.items())


@pytest.mark.parametrize("text", ["gateway", "gateway=a,jobs", '{"gateway": "a"}'])
def test_what_is_no_pair_stops_the_start(monkeypatch: pytest.MonkeyPatch, text: str) -> None:
    monkeypatch.setenv("VERIFY_KEYS", text)
    with pytest.raises(ValidationError, match="verify_keys"):
        Settings()


@pytest.mark.parametrize("name", NEEDED)
def test_a_missing_variable_stops_the_start_and_is_named(monkeypatch: pytest.MonkeyPatch, name: str) -> None:
    monkeypatch.delenv(name)
    with pytest.raises(ValidationError, match=name.lower()):
        Settings()


def test_a_service_needs_its_database_too() -> None:
    with pytest.raises(ValidationError, match="database_url"):
        ServiceSettings()


def test_what_others_need_is_ignored_and_nothing_changes_later(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SECRET_KEY", "the gateway's")
    monkeypatch.setenv("PORT", "8000")
    settings = Settings()
    assert not hasattr(settings, "secret_key")
    assert (settings.port, settings.log_level) == (8000, "INFO")
    with pytest.raises(ValidationError):
        settings.port = 1  # type: ignore[misc]


@pytest.mark.parametrize("text", ["", "short", "not base64!", "YQ=="])
def test_a_key_that_is_none_stops_the_start(text: str) -> None:
    with pytest.raises(ValueError):
        Signer("jobs", text)
    with pytest.raises(ValueError):
        Verifier({"jobs": text})


def test_a_verifier_without_keys_believes_nobody() -> None:
    said = Signer("jobs", keys.new_pair()[0]).service()
    assert Verifier({}).verify(said) is None
