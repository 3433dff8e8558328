"""Making and changing workspaces (P8 to P12)."""

import re

from contracts.projects import WorkspaceCreated
from kit.errors import Conflict, Invalid, NotFound
from kit.identity import Actor
from messaging.uow import UnitOfWork
from sqlalchemy import select
from sqlalchemy.dialects.postgresql import insert

from projects import policies, repository
from projects.models import Project, Repo, Workspace

REPO_URL = re.compile(r"https://github\.com/[A-Za-z0-9][A-Za-z0-9-]{0,38}/(?!\.{1,2}$)[A-Za-z0-9_.-]{1,100}")
# What git takes as a branch (git-check-ref-format), and never a leading dash.
BRANCH = re.compile(
    r"(?!-|.*(?:\.\.|@\{|//|(?:^|/)\.|\.lock(?:/|$)))[^\x00-\x20\x7f~^:?*\[\\]{1,200}(?<![/.])(?<!^@)"
)


def normal(repo: str) -> str:
    """One repository has one address: that of its page, as the controller wants it."""
    return repo.strip().rstrip("/").removesuffix(".git").rstrip("/")


async def find_workspace(uow: UnitOfWork, project: str, name: str) -> Workspace | None:
    """That of this project; until this transaction ends nobody else makes one.

    Raises NotFound for an unknown project, Conflict when the name belongs to another one.
    """
    owner = await _owner(uow, project)
    await repository.lock_creation(uow.session)
    found: Workspace | None = await uow.session.scalar(
        select(Workspace).where(Workspace.name == name.lower())
    )
    if found is not None and found.project_id != owner.id:
        raise Conflict(f"Another project has a workspace {found.name}.")
    return found


async def _owner(uow: UnitOfWork, project: str) -> Project:
    found = await repository.project_by_slug(uow.session, project)
    if found is None:
        raise NotFound(f"There is no project {project}.")
    return found


async def create_workspace(
    uow: UnitOfWork,
    *,
    project: str,
    name: str,
    repo: str,
    branch: str,
    purpose: str,
    should_notify: bool,
    by: str,
) -> Workspace:
    """Raises NotFound, Invalid, and Conflict when that name is taken."""
    name = name.lower()
    if not re.fullmatch(r"[-a-z0-9_]{1,200}", name):
        raise Invalid("A workspace's name has letters, digits, - and _ only.")
    policies.check_workspace_name(name)
    repo = normal(repo)
    if not REPO_URL.fullmatch(repo):
        raise Invalid("A repository is like https://github.com/<organisation>/<name>.")
    if not BRANCH.fullmatch(branch):
        raise Invalid("That is not the name of a branch.")
    if await find_workspace(uow, project, name) is not None:
        raise Conflict(f"This project has a workspace {name} already.")
    owner = await _owner(uow, project)
    await uow.session.execute(insert(Repo).values(url=repo).on_conflict_do_nothing())
    workspace = Workspace(
        name=name,
        project_id=owner.id,
        repo_id=(await uow.session.scalars(select(Repo.id).where(Repo.url == repo))).one(),
        branch=branch,
        purpose=purpose,
        should_notify=should_notify,
        created_by=by,
    )
    uow.session.add(workspace)
    await uow.session.flush()
    uow.publish(
        WorkspaceCreated(workspace_id=workspace.id, name=name, project_id=owner.id, by=by),
        workspace.state(repo),
    )
    return workspace


async def set_notifications(uow: UnitOfWork, actor: Actor, name: str, on: bool) -> None:
    """Whether runs tell their author by default. Raises NotFound for people who may not decide it."""
    workspace, repo = await _switchable(uow, actor, name, "workspace_toggle_notifications")
    if workspace.should_notify != on:
        workspace.should_notify = on
        _changed(uow, workspace, repo)


async def set_archived(uow: UnitOfWork, actor: Actor, name: str, on: bool) -> None:
    """Raises NotFound for people who may not decide it."""
    workspace, repo = await _switchable(uow, actor, name, "workspace_archive")
    if workspace.is_archived != on:
        workspace.is_archived = on
        _changed(uow, workspace, repo)


async def _switchable(uow: UnitOfWork, actor: Actor, name: str, permission: str) -> tuple[Workspace, str]:
    """Locked, with its repository's address. Who may not use the switch learns nothing."""
    workspace, repo = await repository.lock_workspace(uow.session, name)
    if not actor.may(permission, workspace.project_id):
        raise NotFound("There is no such workspace.")
    return workspace, repo


def _changed(uow: UnitOfWork, workspace: Workspace, repo: str) -> None:
    workspace.version += 1
    uow.publish(workspace.state(repo))
