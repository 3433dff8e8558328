"""Who may see and upload released files (A7, F7 to F10)."""

import pytest
from contracts.roles import GLOBAL_ROLES, PROJECT_ROLES
from contracts.statement import Claims, Statement
from kit.errors import NotFound
from kit.identity import Actor
from releases import policies
from testkit.world import person

PROJECT, OTHER = 1, 2
VIEW = {"OutputChecker", "TechSupport", "ProjectCollaborator"}
VIEW_ON_PROJECT = {"ProjectCollaborator", "ProjectDeveloper"}


def actor(user: Claims | None = None, kind: str = "session", acting: Claims | None = None) -> Actor:
    backend = "tpp" if kind == "backend" else None
    return Actor(Statement(iss="gateway", exp=0, kind=kind, user=user, acting=acting, backend=backend))


@pytest.mark.parametrize("role", sorted(GLOBAL_ROLES))
def test_some_global_roles_see_the_files_of_every_project(role: str) -> None:
    assert policies.visible(actor(person(1, "u", roles=[role]))) == (None if role in VIEW else [])


@pytest.mark.parametrize("role", sorted(PROJECT_ROLES))
def test_roles_on_a_project_count_there_only(role: str) -> None:
    who = actor(person(1, "u", projects={role: [PROJECT]}))
    assert policies.visible(who) == ([PROJECT] if role in VIEW_ON_PROJECT else [])
    with pytest.raises(NotFound):
        policies.check_view(who, OTHER)


@pytest.mark.parametrize("role", sorted(GLOBAL_ROLES))
def test_only_an_output_checker_of_that_backend_uploads(role: str) -> None:
    here = person(1, "u", roles=[role], backends=["tpp"])
    found = policies.uploader(actor(kind="backend", acting=here), PROJECT)
    assert found == (here if role == "OutputChecker" else None)
    elsewhere = person(1, "u", roles=[role], backends=["emis"])
    assert policies.uploader(actor(kind="backend", acting=elsewhere), PROJECT) is None


def test_a_checker_who_is_not_acting_for_a_backend_uploads_nothing() -> None:
    checker = person(1, "u", roles=["OutputChecker"], backends=["tpp"])
    assert policies.uploader(actor(checker), PROJECT) is None


def test_what_may_not_be_seen_is_not_found() -> None:
    for who in (actor(kind="anonymous"), actor(person(1, "u")), actor(kind="service")):
        with pytest.raises(NotFound):
            policies.check_view(who, PROJECT)
