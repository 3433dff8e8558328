"""Commands for operators; each runs one action (rulings 2.15)."""

from typing import Annotated, Any

import typer
from kit import cli
from kit.cli import AsJson, operator, run
from kit.errors import NotFound
from messaging.commands import register
from messaging.replicas import on_miss
from messaging.runtime import Runtime
from sqlalchemy import select

from projects import consumers
from projects.actions import projects, workspaces
from projects.models import KnownOrg
from projects.settings import Settings
from projects.states import SOURCES

commands = cli.app("Projects and workspaces.")


def runtime() -> Runtime:
    return Runtime("projects", Settings())


register(
    commands,
    runtime,
    replicas=consumers.REPLICAS,
    sources=SOURCES,
    subscriptions=consumers.SUBSCRIPTIONS,
)


async def _org_id(parts: Runtime, slug: str) -> int:
    async with parts.units() as uow:
        if known := await uow.session.scalar(select(KnownOrg.id).where(KnownOrg.slug == slug)):
            return int(known)
    found = await on_miss(parts.units, consumers.ORGS, parts.client("identity"), {"slug": slug})
    if found is None:
        raise NotFound(f"There is no organisation {slug}.")
    return found.id


async def _create_project(
    slug: str, name: str, number: str | None, org: str | None, status: str
) -> dict[str, Any]:
    async with runtime() as parts:
        org_id = await _org_id(parts, org) if org else None
        async with parts.units() as uow:
            project, existed = await projects.create_project(
                uow, slug=slug, name=name, number=number, status=status, org_id=org_id, by=operator()
            )
            return {"id": project.id, "slug": project.slug, "exists": existed}


@commands.command("create_project")
def create_project(
    slug: str,
    name: Annotated[str, typer.Option("--name", "-n")] = "",
    number: Annotated[str | None, typer.Option("--number")] = None,
    org: Annotated[str | None, typer.Option("--org", "-o")] = None,
    status: Annotated[str, typer.Option("--status")] = "ongoing",
    as_json: AsJson = False,
) -> None:
    """Make a project."""
    run(_create_project(slug, name, number, org, status), as_json, "Project {slug} has id {id}.")


async def _create_workspace(
    project: str, name: str, repo: str, branch: str, purpose: str, notify: bool
) -> dict[str, Any]:
    async with runtime() as parts, parts.units() as uow:
        workspace, existed = await workspaces.create_workspace(
            uow,
            project=project,
            name=name,
            repo=repo,
            branch=branch,
            purpose=purpose,
            should_notify=notify,
            by=operator(),
        )
        return {"id": workspace.id, "name": workspace.name, "exists": existed}


@commands.command("create_workspace")
def create_workspace(
    project: str,
    name: str,
    repo: Annotated[str, typer.Option("--repo")],
    branch: Annotated[str, typer.Option("--branch")] = "main",
    purpose: Annotated[str, typer.Option("--purpose")] = "",
    notify: Annotated[bool, typer.Option(help="Runs tell their author by default.")] = False,
    as_json: AsJson = False,
) -> None:
    """Make a workspace of a project."""
    work = _create_workspace(project, name, repo, branch, purpose, notify)
    run(work, as_json, "Workspace {name} has id {id}.")


if __name__ == "__main__":
    commands()
