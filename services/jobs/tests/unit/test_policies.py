"""Who may run and who may cancel (J1, J3, J38)."""

import pytest
from contracts.roles import ROLES
from contracts.statement import Claims, Statement
from jobs.models import JobRequest
from jobs.policies import check_cancel, check_run, may_cancel, usable_backends
from kit.errors import NotFound, PermissionDenied
from kit.identity import Actor
from testkit.world import person


def actor(user: Claims | None, kind: str = "session") -> Actor:
    return Actor(Statement(iss="gateway", exp=0, kind=kind, user=user))


def by(author: int = 1) -> JobRequest:
    return JobRequest(id=9, project_id=7, created_by_id=author)


@pytest.mark.parametrize("role", sorted(ROLES))
def test_only_developers_of_the_project_and_deployment_administrators_run_and_cancel(role: str) -> None:
    for user, holds in (
        (person(2, "ada", roles=[role]), role in {"DeploymentAdministrator", "ProjectDeveloper"}),
        (person(2, "ada", projects={role: [7]}), role in {"DeploymentAdministrator", "ProjectDeveloper"}),
        (person(2, "ada", projects={role: [8]}), False),
    ):
        assert actor(user).may("job_run", 7) is holds
        assert may_cancel(actor(user), by()) is holds
        if holds:
            assert check_run(actor(user), 7) == user
        else:
            with pytest.raises(PermissionDenied):
                check_run(actor(user), 7)
            with pytest.raises(NotFound):
                check_cancel(actor(user), by())


def test_authors_cancel_whatever_roles_they_have_now() -> None:
    assert may_cancel(actor(person(1, "ada")), by(author=1))
    assert not may_cancel(actor(person(2, "bob")), by(author=1))


@pytest.mark.parametrize("kind", ["anonymous", "failed", "backend", "service"])
def test_who_is_nobody_may_do_nothing(kind: str) -> None:
    with pytest.raises(PermissionDenied):
        check_run(actor(None, kind), 7)
    with pytest.raises(NotFound):
        check_cancel(actor(None, kind), by())


def test_closing_leaves_the_other_backends() -> None:
    user = person(1, "ada", backends=["tpp", "test", "emis"])
    assert usable_backends(user, closed=False) == ["tpp", "test", "emis"]
    assert usable_backends(user, closed=True) == ["test"]
