import time

import jwt
import pytest
from contracts.statement import Claims, Statement
from kit import identity, keys
from kit.errors import PermissionDenied
from kit.identity import Actor, Signer, Verifier

PAIRS = {name: keys.new_pair() for name in ("gateway", "jobs")}
ADA = Claims(
    user_id=1, username="ada", name="Ada", roles=["OutputChecker"], projects={"ProjectDeveloper": [7]}
)


@pytest.fixture
def verifier() -> Verifier:
    return Verifier({name: public for name, (_, public) in PAIRS.items()})


def signer(name: str) -> Signer:
    return Signer(name, PAIRS[name][0])


def test_what_the_gateway_says_of_a_person_is_believed(verifier: Verifier) -> None:
    actor = verifier.verify(signer("gateway").sign(kind="session", user=ADA))
    assert actor is not None
    assert actor.user == ADA
    assert verifier.verify(signer("gateway").sign(kind="session", user=ADA)) == actor


def test_a_service_speaks_for_itself_only(verifier: Verifier) -> None:
    actor = verifier.verify(signer("jobs").service())
    assert actor is not None
    actor.check_service("jobs")
    with pytest.raises(PermissionDenied):
        actor.check_service("gateway")
    assert verifier.verify(signer("jobs").sign(kind="session", user=ADA)) is None


def test_one_key_does_not_open_for_another_name(verifier: Verifier) -> None:
    forged = Signer("gateway", PAIRS["jobs"][0]).sign(kind="session", user=ADA)
    assert verifier.verify(forged) is None


@pytest.mark.parametrize("token", ["", "x", "a.b.c", "eyJhbGciOiJub25lIn0.eyJpc3MiOiJnYXRld2F5In0."])
def test_nonsense_is_nobody(verifier: Verifier, token: str) -> None:
    assert verifier.verify(token) is None


def test_another_algorithm_is_nobody(verifier: Verifier) -> None:
    claims = {"iss": "gateway", "exp": int(time.time()) + 60, "kind": "service"}
    assert verifier.verify(jwt.encode(claims, PAIRS["gateway"][1], algorithm="HS256")) is None


def test_a_statement_is_believed_for_a_minute(verifier: Verifier, monkeypatch: pytest.MonkeyPatch) -> None:
    now = time.time()
    monkeypatch.setattr(time, "time", lambda: now - identity.LIFETIME - 1)
    old = signer("gateway").sign(kind="session", user=ADA)
    monkeypatch.undo()
    assert verifier.verify(old) is None


def test_a_role_on_a_project_counts_there_and_a_global_one_everywhere() -> None:
    assert identity.may(ADA, "job_run", 7)
    assert not identity.may(ADA, "job_run", 8)
    assert not identity.may(ADA, "job_run")
    assert identity.may(ADA, "release_file_view", 8)
    assert not identity.may(None, "release_file_view", 7)
    assert identity.projects_where(ADA, "job_run") == [7]
    assert identity.projects_where(ADA, "release_file_view") is None
    assert identity.projects_where(None, "release_file_view") == []


@pytest.mark.parametrize(
    ("kind", "reason", "words"),
    [
        ("backend", None, None),
        ("failed", "invalid_token", "Invalid token"),
        ("pat", None, "Invalid token"),
        ("anonymous", "empty", "Authorization header is empty"),
        ("anonymous", None, "Authorization header is missing"),
        ("session", None, "Authorization header is missing"),
        ("service", None, "Authorization header is missing"),
    ],
)
def test_each_wrong_credential_has_its_own_words(kind: str, reason: str | None, words: str | None) -> None:
    assert identity.backend_refusal(Actor(Statement(iss="gateway", exp=0, kind=kind, reason=reason))) == words
