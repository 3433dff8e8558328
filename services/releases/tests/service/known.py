"""Who and what the service knows of in these tests."""

from typing import Any

from contracts.identity import BackendState, OrgState, UserState
from contracts.projects import ProjectState, WorkspaceState
from messaging.replicas import Replica
from releases import replicas
from testkit.world import person

STUDY, ELSEWHERE = 7, 8  # projects
ROSA = person(1, "rosa", projects={"ProjectDeveloper": [STUDY]}, memberships=[STUDY], backends=["tpp"])
OTIS = person(2, "otis", roles=["OutputChecker"], backends=["tpp"])
OLGA = person(3, "olga", roles=["OutputChecker"], backends=["tpp", "emis"])
KNOWN: list[tuple[Replica, list[Any]]] = [
    (
        replicas.USERS,
        [
            UserState(id=number, version=1, username=name, fullname=f"{name.title()} Example")
            for number, name in ((1, "rosa"), (2, "otis"), (3, "olga"))
        ],
    ),
    (
        replicas.ORGS,
        [
            OrgState(id=1, version=1, slug="one", name="Org One"),
            OrgState(id=2, version=1, slug="b", name="B"),
        ],
    ),
    (
        replicas.BACKENDS,
        [
            BackendState(id=1, version=1, slug="tpp", name="TPP", is_active=True),
            BackendState(id=2, version=1, slug="emis", name="EMIS", is_active=True),
        ],
    ),
    (
        replicas.PROJECTS,
        [
            ProjectState(id=n, version=1, slug=slug, name=slug.title(), org_ids=[1])
            for n, slug in ((STUDY, "study"), (ELSEWHERE, "elsewhere"))
        ],
    ),
    (
        replicas.WORKSPACES,
        [
            WorkspaceState(id=number, version=1, name=name, project_id=project, repo_url="r", branch="main")
            for number, name, project in ((1, "study-ws", STUDY), (2, "other-ws", ELSEWHERE))
        ],
    ),
]
