"""Tokens into backends and people, for the gateway alone (I26 to I30)."""

from collections.abc import Awaitable, Callable
from datetime import UTC, datetime
from typing import Any

import pytest
from clients.identity import BackendCredential, IdentityClient
from contracts.catalogue import SERVICES
from contracts.identity import AccessChanged
from contracts.roles import ROLES
from identity.actions import login_tokens, rights
from kit.errors import PermissionDenied
from messaging.uow import Units
from testkit.plugin import Speak
from testkit.world import World, person

from .conftest import OLD_HASHER, LogIn, MakeBackend, MakeUser, Manage
from .outside import CALLBACK, GitHub
from .told import said

TPP = BackendCredential(backend="tpp")
NOBODY = BackendCredential()


@pytest.fixture
def rotate(manage: Manage) -> Callable[[], Awaitable[str]]:
    async def again() -> str:
        return str((await manage("create_backend", "tpp", "--rotate")).said["token"])

    return again


Rotate = Callable[[], Awaitable[str]]


async def test_the_token_of_a_backend_says_which_one_it_is(
    gateway: IdentityClient, make_backend: MakeBackend
) -> None:
    tpp, emis = await make_backend("tpp"), await make_backend("emis")
    assert await gateway.backend(tpp, None) == TPP
    assert (await gateway.backend(emis, "")).backend == "emis"


@pytest.mark.parametrize(
    "how", ["", "x", "Token {}", "Bearer {}", "{} ", "{}\0", "é{}", pytest.param("{}" * 20, id="long")]
)
async def test_anything_but_the_token_is_nobodys(
    gateway: IdentityClient, make_backend: MakeBackend, how: str
) -> None:
    """Also what is longer than any token is merely wrong (I30)."""
    token = await make_backend("tpp")
    assert await gateway.backend(how.replace("{}", token), None) == NOBODY


async def test_two_tokens_work_while_a_backend_changes_over(
    gateway: IdentityClient, make_backend: MakeBackend, rotate: Rotate, world: World
) -> None:
    """In the reference the old one ends at once (I26)."""
    old = await make_backend("tpp")
    new = await rotate()
    assert [await gateway.backend(token, None) for token in (old, new)] == [TPP, TPP]
    [row] = await world.rows(
        "identity",
        "select expires_at - now() between interval '23 hours 59 minutes' and interval '1 day' as a_day"
        " from backend_tokens where expires_at is not null",
    )
    assert row["a_day"]
    assert await said(world, AccessChanged) == [AccessChanged(user_ids=[], backends=["tpp"])]


async def test_after_a_day_the_older_token_is_nobodys(
    gateway: IdentityClient, make_backend: MakeBackend, rotate: Rotate, world: World
) -> None:
    old = await make_backend("tpp")
    new = await rotate()
    await world.rows("identity", "update backend_tokens set expires_at = now() where expires_at is not null")
    assert [await gateway.backend(token, None) for token in (old, new)] == [NOBODY, TPP]


async def test_a_second_rotation_ends_the_oldest_token_at_once(
    gateway: IdentityClient, make_backend: MakeBackend, rotate: Rotate
) -> None:
    tokens = [await make_backend("tpp"), await rotate(), await rotate()]
    assert [await gateway.backend(token, None) for token in tokens] == [NOBODY, TPP, TPP]


async def test_rotating_one_backend_leaves_the_others(
    gateway: IdentityClient, make_backend: MakeBackend, manage: Manage, rotate: Rotate, world: World
) -> None:
    await make_backend("tpp")
    old = await make_backend("emis")
    new = (await manage("create_backend", "emis", "--rotate")).said["token"]
    for _ in range(2):
        await rotate()
    for token in (old, new):
        assert (await gateway.backend(token, None)).backend == "emis"
    lasting = (
        "select b.slug from backend_tokens t join backends b on b.id = backend_id where expires_at is null"
    )
    assert {row["slug"] for row in await world.rows("identity", lasting)} == {"emis", "tpp"}


async def test_a_backend_that_is_not_active_authenticates(
    gateway: IdentityClient, make_backend: MakeBackend, world: World
) -> None:
    token = await make_backend("tpp")
    await world.rows("identity", "update backends set is_active = false")
    assert await gateway.backend(token, None) == TPP


async def test_the_person_a_backend_names_comes_with_their_rights(
    gateway: IdentityClient, make_backend: MakeBackend, make_user: MakeUser, units: Units
) -> None:
    token = await make_backend("tpp")
    otis = await make_user("otis", roles=("OutputChecker",))
    async with units() as uow:
        await rights.add_to_backend(uow, "otis", "tpp", by="test")
    found = await gateway.backend(token, "otis")
    wanted = person(otis, "otis", roles=["OutputChecker"], backends=["tpp"])
    assert found == BackendCredential(backend="tpp", acting=wanted)


@pytest.mark.parametrize(
    "named", ["nobody", "OTIS", "otis@example.org", "gone", pytest.param("x" * 1000, id="long")]
)
async def test_a_name_that_is_nobodys_leaves_the_backend_alone(
    gateway: IdentityClient, make_backend: MakeBackend, make_user: MakeUser, world: World, named: str
) -> None:
    """Somebody disabled is nobody (I7, I27)."""
    token = await make_backend("tpp")
    await make_user("otis", email="otis@example.org")
    await make_user("gone")
    await world.rows("identity", "update users set is_active = false where username = 'gone'")
    assert await gateway.backend(token, named) == TPP


async def test_a_wrong_token_says_nothing_of_the_person_named(
    gateway: IdentityClient, make_user: MakeUser
) -> None:
    await make_user("otis")
    assert await gateway.backend("wrong", "otis") == NOBODY


async def test_tokens_hashed_under_the_old_key_still_count(
    gateway: IdentityClient, make_backend: MakeBackend, robot: str, world: World
) -> None:
    """I29"""
    token = await make_backend("tpp")
    for table, secret in (("backend_tokens", token), ("personal_tokens", robot)):
        [row] = await world.rows("identity", f"select token_hash from {table}")
        assert row["token_hash"].startswith("k2:")
        await world.rows("identity", f"update {table} set token_hash = $1", OLD_HASHER.hash(secret))
    assert await gateway.backend(token, None) == TPP
    assert (await gateway.personal_token("robot", robot)).user


QUESTIONS: list[tuple[str, dict[str, Any]]] = [
    ("/sessions/resolve", {"token": "x"}),
    ("/sessions/end", {"token": "x"}),
    ("/backends/resolve", {"token": "x"}),
    ("/personal-tokens/resolve", {"username": "robot", "token": "x"}),
]


@pytest.mark.parametrize(("path", "body"), QUESTIONS)
async def test_only_the_gateway_may_ask(speak: Speak, path: str, body: dict[str, Any]) -> None:
    mallory = person(1, "mallory", roles=sorted(ROLES))
    for who in ({}, {"by": mallory}, *({"service": name} for name in SERVICES)):
        with pytest.raises(PermissionDenied):
            await speak(**who).post(path, json=body)
    assert (await speak(service="gateway").request("POST", path, json=body)).status < 300


async def test_no_table_has_a_secret_in_clear(
    manage: Manage,
    log_in: LogIn,
    gateway: IdentityClient,
    github: GitHub,
    robot: str,
    rotate: Rotate,
    units: Units,
    world: World,
) -> None:
    old = (await manage("create_backend", "tpp")).said["token"]
    session = (await log_in("rosa")).session
    started = await gateway.start_login("/", CALLBACK)
    state = (await github.approve(started.authorize_url, "ravi"))["state"]
    async with units() as uow:
        await rights.add_to_backend(uow, "rosa", "tpp", by="test")
    words = await login_tokens.issue(units, 2, by="test", now=datetime.now(UTC))
    secrets = {old, await rotate(), session, started.browser, state, robot, words, words.replace(" ", "")}
    tables = await world.rows("identity", "select tablename from pg_tables where schemaname = 'identity'")
    kept = ""
    for table in tables:
        for row in await world.rows("identity", f"select * from {table['tablename']}"):
            kept += " ".join(v.decode() if isinstance(v, bytes) else str(v) for v in row.values())
    assert "rosa" in kept
    assert len(secrets) == 8
    assert [secret for secret in secrets if secret is None or secret in kept] == []


async def test_a_session_is_seen_at_most_every_five_minutes(
    log_in: LogIn, gateway: IdentityClient, world: World
) -> None:
    done = await log_in("rosa")
    for ago, noted in (("4 minutes", False), ("6 minutes", True)):
        await world.rows("identity", f"update sessions set last_seen_at = now() - interval '{ago}'")
        info = await gateway.session(done.session or "")
        assert info.expires_at == done.expires_at
        [row] = await world.rows(
            "identity", "select last_seen_at > now() - interval '3 minutes' as noted from sessions"
        )
        assert row["noted"] == noted
