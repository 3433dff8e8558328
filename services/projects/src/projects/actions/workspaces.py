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
) -> tuple[Workspace, bool]:
    """(workspace, whether it existed in that project). Raises NotFound, Invalid, Conflict."""
    name = name.lower()
    if not re.fullmatch(r"[-a-z0-9_]{1,200}", name):
        raise Invalid("A workspace's name has letters, digits, - and _ only.")
    policies.check_workspace_name(name)
    repo = normal(repo)
    if not REPO_URL.fullmatch(repo):
        raise Invalid("A repository is like https://github.com/<organisation>/<name>.")
    if not BRANCH.fullmatch(branch):
        raise Invalid("That is not the name of a branch.")
    owner: Project | None = await repository.project_by_slug(uow.session, project)
    if owner is None:
        raise NotFound(f"There is no project {project}.")
    await repository.lock_creation(uow.session)
    found = await uow.session.scalar(select(Workspace).where(Workspace.name == name))
    if found is not None:
        if found.project_id != owner.id:
            raise Conflict(f"Another project has a workspace {name}.")
        return found, True
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
    return workspace, False


async def change_workspace(
    uow: UnitOfWork,
    actor: Actor,
    name: str,
    *,
    should_notify: bool | None = None,
    is_archived: bool | None = None,
) -> None:
    """The two switches. People who may not use them learn nothing (NotFound)."""
    if should_notify is None and is_archived is None:
        raise Invalid("Nothing to change was named.")
    workspace, repo = await repository.lock_workspace(uow.session, name)
    for value, permission in (
        (should_notify, "workspace_toggle_notifications"),
        (is_archived, "workspace_archive"),
    ):
        if value is not None and not actor.may(permission, workspace.project_id):
            raise NotFound("There is no such workspace.")
    before = (workspace.should_notify, workspace.is_archived)
    if should_notify is not None:
        workspace.should_notify = should_notify
    if is_archived is not None:
        workspace.is_archived = is_archived
    if before != (workspace.should_notify, workspace.is_archived):
        workspace.version += 1
        uow.publish(workspace.state(repo))
