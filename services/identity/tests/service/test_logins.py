"""Logging in by GitHub: who that is here, in which browser, and for how long (I9 to I17)."""

import asyncio

import pytest
from clients.identity import IdentityClient
from contracts.roles import ROLES
from kit.errors import Conflict, Invalid, NotFound, PermissionDenied, Unavailable
from testkit.plugin import Speak
from testkit.world import World, person

from .conftest import CALLBACK, GitHub, LogIn, MakeUser, claims_of


async def test_a_first_login_makes_an_account_bound_to_the_github_uid(
    log_in: LogIn, gateway: IdentityClient, world: World
) -> None:
    done = await log_in("rosa", "/demo-project/?a=1")
    assert done.next == "/demo-project/?a=1"
    assert done.session
    who = await claims_of(gateway, done.session)
    assert (who.username, who.name, who.roles, who.github) == ("rosa", "Rosa Marsh", [], True)
    [row] = await world.rows("identity", "select * from external_identities")
    assert row["user_id"] == who.user_id
    assert await world.announced("identity") == [
        f"state.identity.user.v1.{who.user_id}",
        "identity.user.registered.v1",
        "identity.user.logged_in.v1",
    ]


async def test_nothing_secret_is_stored_in_clear(
    log_in: LogIn, world: World, gateway: IdentityClient
) -> None:
    done = await log_in("rosa")
    started = await gateway.start_login("/", CALLBACK)
    [session] = await world.rows("identity", "select * from sessions")
    [login] = await world.rows("identity", "select * from logins")
    assert done.session not in str(dict(session))
    assert session["token_hash"].startswith("k2:")
    assert started.browser not in str(dict(login))


async def test_a_second_login_finds_the_same_account(log_in: LogIn, gateway: IdentityClient) -> None:
    first, second = await log_in("rosa"), await log_in("rosa")
    assert first.session != second.session
    assert await claims_of(gateway, first.session or "") == await claims_of(gateway, second.session or "")


async def test_a_name_that_belongs_to_another_account_is_refused(
    log_in: LogIn, make_user: MakeUser, world: World
) -> None:
    await make_user("stella", uid="somebody else")
    with pytest.raises(Conflict, match="belongs to another account"):
        await log_in("stella")
    assert len(await world.rows("identity", "select from external_identities")) == 1
    assert not await world.rows("identity", "select from sessions")


async def test_another_spelling_of_a_taken_name_is_refused_too(log_in: LogIn, make_user: MakeUser) -> None:
    await make_user("Stella-Two", uid="somebody else")
    with pytest.raises(Conflict):
        await log_in("stella-two")


async def test_a_renamed_github_account_stays_the_same_person(
    log_in: LogIn, gateway: IdentityClient, github: GitHub, world: World
) -> None:
    before = await claims_of(gateway, (await log_in("oldname")).session or "")
    github.change(
        "update accounts set login = 'newname', name = 'New Name', email = 'n@x.org' where login = 'oldname'"
    )
    after = await claims_of(gateway, (await log_in("newname")).session or "")
    assert (after.user_id, after.username, after.name) == (before.user_id, "oldname", "New Name")
    [row] = await world.rows("identity", "select * from users")
    assert (row["github_login"], row["email"], row["version"]) == ("newname", "n@x.org", 2)


async def test_an_address_that_another_account_has_is_left_out(
    log_in: LogIn, make_user: MakeUser, world: World
) -> None:
    await make_user("first", email="Rosa@Example.Org")
    await log_in("rosa")
    [row] = await world.rows("identity", "select email from users where username = 'rosa'")
    assert row["email"] is None


async def test_who_has_no_name_is_asked_for_one(log_in: LogIn, gateway: IdentityClient) -> None:
    asked = await log_in("noname", "/after")
    assert asked.session is None
    assert asked.partial


async def test_the_name_given_finishes_the_login(
    gateway: IdentityClient, github: GitHub, world: World
) -> None:
    started = await gateway.start_login("/after", CALLBACK)
    back = await github.approve(started.authorize_url, "noname")
    asked = await gateway.finish_login(back["state"], back["code"], started.browser, "")
    assert asked.partial
    with pytest.raises(Invalid, match="full name"):
        await gateway.name_login(asked.partial, " \n ", started.browser, "")
    with pytest.raises(Invalid, match="not begun in this browser"):
        await gateway.name_login(asked.partial, "Nora Name", "another browser", "")
    done = await gateway.name_login(asked.partial, " Nora\n Name ", started.browser, "")
    assert done.next == "/after"
    assert (await claims_of(gateway, done.session or "")).name == "Nora Name"
    with pytest.raises(Invalid):
        await gateway.name_login(asked.partial, "Again", started.browser, "")
    assert not await world.rows("identity", "select from logins")


async def test_a_login_not_yet_back_from_github_cannot_be_finished_by_a_name(
    gateway: IdentityClient, github: GitHub
) -> None:
    started = await gateway.start_login("/", CALLBACK)
    back = await github.approve(started.authorize_url, "rosa")
    with pytest.raises(Invalid, match="not come back"):
        await gateway.name_login(back["state"], "Mallory", started.browser, "")


async def test_a_wrong_state_is_refused(gateway: IdentityClient, github: GitHub) -> None:
    started = await gateway.start_login("/", CALLBACK)
    back = await github.approve(started.authorize_url, "rosa")
    with pytest.raises(Invalid, match="log in again"):
        await gateway.finish_login("wrong", back["code"], started.browser, "")


async def test_another_browser_cannot_finish_a_login(gateway: IdentityClient, github: GitHub) -> None:
    mine, theirs = await gateway.start_login("/", CALLBACK), await gateway.start_login("/", CALLBACK)
    back = await github.approve(theirs.authorize_url, "rosa")
    with pytest.raises(Invalid, match="not begun in this browser"):
        await gateway.finish_login(back["state"], back["code"], mine.browser, "")


async def test_a_wrong_pkce_verifier_is_refused_by_github(
    gateway: IdentityClient, github: GitHub, world: World
) -> None:
    started = await gateway.start_login("/", CALLBACK)
    assert "code_challenge_method=S256" in started.authorize_url
    back = await github.approve(started.authorize_url, "rosa")
    await world.rows("identity", "update logins set code_verifier = repeat('x', 64)")
    with pytest.raises(Invalid, match="GitHub did not accept"):
        await gateway.finish_login(back["state"], back["code"], started.browser, "")


async def test_a_login_works_once(gateway: IdentityClient, github: GitHub) -> None:
    started = await gateway.start_login("/", CALLBACK)
    back = await github.approve(started.authorize_url, "rosa")
    await gateway.finish_login(back["state"], back["code"], started.browser, "")
    with pytest.raises(Invalid):
        await gateway.finish_login(back["state"], back["code"], started.browser, "")


async def test_a_login_that_took_too_long_is_refused(
    gateway: IdentityClient, github: GitHub, world: World
) -> None:
    started = await gateway.start_login("/", CALLBACK)
    back = await github.approve(started.authorize_url, "rosa")
    await world.rows("identity", "update logins set expires_at = now() - interval '1 second'")
    with pytest.raises(Invalid, match="took too long"):
        await gateway.finish_login(back["state"], back["code"], started.browser, "")


async def test_the_first_two_logins_of_one_person_at_the_same_time_make_one_account(
    log_in: LogIn, gateway: IdentityClient
) -> None:
    done = await asyncio.gather(*(log_in("ravi") for _ in range(4)))
    assert len({(await claims_of(gateway, one.session or "")).user_id for one in done}) == 1


async def test_a_closed_account_cannot_log_in(log_in: LogIn, world: World) -> None:
    await log_in("rosa")
    await world.rows("identity", "update users set is_active = false")
    with pytest.raises(Conflict, match="closed"):
        await log_in("rosa")


@pytest.mark.parametrize(
    "elsewhere",
    [
        "//evil.example",
        "/\\evil.example",
        "https://evil.example",
        "evil",
        "",
        "/\t/evil.example",
        "/a\r\nSet-Cookie: x",
    ],
)
async def test_a_login_never_leads_to_another_site(gateway: IdentityClient, elsewhere: str) -> None:
    with pytest.raises(Invalid):
        await gateway.start_login(elsewhere, CALLBACK)


@pytest.mark.parametrize("path", ["/", "/a", "/a//b?next=//c", "/ä ö/"])
async def test_any_path_of_this_site_may_come_next(log_in: LogIn, path: str) -> None:
    assert (await log_in("rosa", path)).next == path


async def test_a_github_that_answers_nonsense_is_unavailable_and_the_login_can_go_on(
    gateway: IdentityClient, github: GitHub, world: World
) -> None:
    started = await gateway.start_login("/", CALLBACK)
    back = await github.approve(started.authorize_url, "rosa")
    github.change("alter table oauth_tokens rename to hidden")
    try:
        with pytest.raises(Unavailable, match="GitHub does not answer"):
            await gateway.finish_login(back["state"], back["code"], started.browser, "")
    finally:
        github.change("alter table hidden rename to oauth_tokens")
    assert await world.rows("identity", "select from logins")


@pytest.mark.parametrize("service", ["projects", "jobs", "releases", "notifications"])
async def test_only_the_gateway_logs_people_in(speak: Speak, service: str) -> None:
    with pytest.raises(PermissionDenied):
        await IdentityClient(speak(service=service)).start_login("/", CALLBACK)


async def test_a_person_with_every_role_cannot_resolve_a_session(speak: Speak) -> None:
    mallory = person(1, "mallory", roles=list(ROLES))
    with pytest.raises(PermissionDenied):
        await IdentityClient(speak(by=mallory)).session("x")


async def test_sessions_end_when_people_log_out(log_in: LogIn, gateway: IdentityClient, world: World) -> None:
    done = await log_in("rosa")
    assert done.session
    await gateway.end_session(done.session)
    assert (await gateway.session(done.session)).user is None
    assert (await world.announced("identity"))[-1] == "identity.access.changed.v1"
    await gateway.end_session(done.session)


@pytest.mark.parametrize("why", ["expires_at = now()", "token_hash = 'k2:0'"])
async def test_a_session_that_is_over_is_nobodys(
    log_in: LogIn, gateway: IdentityClient, world: World, why: str
) -> None:
    done = await log_in("rosa")
    await world.rows("identity", f"update sessions set {why}")
    assert (await gateway.session(done.session or "")).user is None


async def test_a_session_hashed_under_the_old_key_still_counts(
    log_in: LogIn, gateway: IdentityClient, world: World
) -> None:
    from kit.tokens import TokenHasher

    done = await log_in("rosa")
    assert done.session
    old = TokenHasher({"k1": "the old secret"}).hash(done.session)
    await world.rows("identity", "update sessions set token_hash = $1", old)
    assert (await gateway.session(done.session)).user


async def test_the_session_of_a_disabled_person_is_nobodys(
    log_in: LogIn, gateway: IdentityClient, world: World
) -> None:
    done = await log_in("rosa")
    await world.rows("identity", "update users set is_active = false")
    assert (await gateway.session(done.session or "")).user is None


async def test_people_see_and_end_their_own_sessions_only(
    log_in: LogIn, gateway: IdentityClient, speak: Speak
) -> None:
    mine, other = await log_in("rosa"), await log_in("rosa")
    rosa = await claims_of(gateway, mine.session or "")
    ravi = await claims_of(gateway, (await log_in("ravi")).session or "")
    account = await IdentityClient(speak(by=rosa)).account(mine.session or "")
    assert sorted(one.current for one in account.sessions) == [False, True]
    assert {one.user_agent for one in account.sessions} == {"Firefox"}
    [elsewhere] = [one.id for one in account.sessions if not one.current]
    with pytest.raises(NotFound):
        await IdentityClient(speak(by=ravi)).end_my_session(elsewhere)
    await IdentityClient(speak(by=rosa)).end_my_session(elsewhere)
    assert (await gateway.session(other.session or "")).user is None
    assert (await gateway.session(mine.session or "")).user
