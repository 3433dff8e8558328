import pytest
from contracts.roles import GLOBAL_ROLES, PROJECT_ROLES, ROLES
from contracts.statement import Claims, Statement
from identity import policies
from identity.api.v2 import permissions
from identity.github import primary
from identity.secrets import WORDS, new_backend_token, new_words, normal
from kit.errors import Invalid, PermissionDenied
from kit.identity import Actor


def actor(kind: str, **more: object) -> Actor:
    return Actor(Statement(iss="gateway", exp=0, kind=kind, **more))  # type: ignore[arg-type]


@pytest.mark.parametrize("role", sorted(ROLES))
def test_a_role_is_assignable_exactly_where_the_table_says(role: str) -> None:
    for globally, allowed in ((True, GLOBAL_ROLES), (False, PROJECT_ROLES)):
        if role in allowed:
            policies.check_assignable(role, globally=globally)
        else:
            with pytest.raises(Invalid):
                policies.check_assignable(role, globally=globally)


def test_the_refusal_of_a_role_names_those_that_can_be_given() -> None:
    with pytest.raises(Invalid, match="ProjectCollaborator, ProjectDeveloper"):
        policies.check_assignable("Emperor", globally=False)


@pytest.mark.parametrize("kind", ["anonymous", "pat", "backend", "failed", "service"])
def test_only_a_session_is_a_person(kind: str) -> None:
    with pytest.raises(PermissionDenied):
        policies.check_person(actor(kind, user=Claims(user_id=1, username="ada")))


def test_only_the_gateway_in_its_own_name_turns_credentials_into_people() -> None:
    policies.check_gateway(actor("service"))
    with pytest.raises(PermissionDenied):
        policies.check_gateway(Actor(Statement(iss="jobs", exp=0, kind="service")))
    with pytest.raises(PermissionDenied):
        policies.check_gateway(actor("session", user=Claims(user_id=1, username="ada")))


def test_login_tokens_need_github_first_and_then_a_backend() -> None:
    assert policies.login_token_refusal(Claims(user_id=1, username="a", github=False)) == "not_github"
    assert policies.login_token_refusal(Claims(user_id=1, username="a")) == "no_backends"
    assert policies.login_token_refusal(Claims(user_id=1, username="a", backends=["tpp"])) is None


def test_names_become_one_line() -> None:
    assert policies.tidy("  Ada\r\nBcc: x   Okafor\t") == "Ada Bcc: x Okafor"


def test_the_permissions_of_a_staff_area_administrator_are_these_five() -> None:
    assert permissions(["StaffAreaAdministrator"]) == [
        "application_manage",
        "backend_manage",
        "org_create",
        "staff_area_access",
        "user_manage",
    ]


def test_an_unknown_role_carries_no_permission() -> None:
    assert permissions(["Emperor"]) == []


def test_only_a_verified_primary_address_counts() -> None:
    assert primary([{"email": "a@x", "primary": True, "verified": False}]) is None
    assert (
        primary([{"email": "a@x", "verified": True}, {"email": "b@x", "primary": 1, "verified": 1}]) == "b@x"
    )
    assert primary([]) is None


def test_login_tokens_are_three_typeable_words_of_a_long_list() -> None:
    assert len(set(WORDS)) >= 2000
    assert all(word == word.lower() and word.isascii() for word in WORDS)
    assert len(new_words().split(" ")) == 3
    assert new_words() != new_words()


def test_words_may_be_typed_with_any_blanks_but_in_their_own_case() -> None:
    assert normal(" mocker  refried head way ") == normal("mocker refried headway")
    assert normal("Mocker") != normal("mocker")


def test_backend_tokens_are_forty_hex_characters() -> None:
    assert len(bytes.fromhex(new_backend_token())) == 20
