"""Commands for operators; each runs one action (P21)."""

from typing import Annotated, Any

import typer
from kit import cli
from kit.cli import AsJson, operator, run
from kit.errors import NotFound
from messaging.commands import register
from messaging.replicas import on_miss
from messaging.runtime import Runtime
from sqlalchemy import select

from projects import consumers, replicas
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
    replicas=replicas.REPLICAS,
    sources=SOURCES,
    subscriptions=consumers.SUBSCRIPTIONS,
)


async def _org_id(parts: Runtime, slug: str) -> int:
    async with parts.units() as uow:
        if known := await uow.session.scalar(select(KnownOrg.id).where(KnownOrg.slug == slug)):
            return int(known)
    found = await on_miss(parts.units, replicas.ORGS, parts.client("identity"), {"slug": slug})
    if found is None:
        raise NotFound(f"There is no organisation {slug}.")
    return found.id


async def _create_project(
    slug: str, name: str, number: str | None, org: str | None, status: str
) -> dict[str, Any]:
    async with runtime() as parts:
        org_id = await _org_id(parts, org) if org else None
        async with parts.units() as uow:
            found = await projects.find_project(uow, slug)
            project = found or await projects.create_project(
                uow, slug=slug, name=name, number=number, status=status, org_id=org_id, by=operator()
            )
            return {"id": project.id, "slug": project.slug, "exists": found is not None}


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
        found = await workspaces.find_workspace(uow, project, name)
        workspace = found or await workspaces.create_workspace(
            uow,
            project=project,
            name=name,
            repo=repo,
            branch=branch,
            purpose=purpose,
            should_notify=notify,
            by=operator(),
        )
        return {"id": workspace.id, "name": workspace.name, "exists": found is not None}


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


def _change(name: str, help_text: str, work: Any, sentence: str) -> None:
    """A command of a project and one word that changes it."""

    async def act(project: str, word: str) -> dict[str, Any]:
        async with runtime() as parts:
            changed = await work(parts, project, word)
        return {"project": project, "word": word, "changed": changed, "exists": not changed}

    @commands.command(name, help=help_text)
    def command(project: str, word: str, as_json: AsJson = False) -> None:
        def said(done: dict[str, Any]) -> str:
            return sentence.format(**done) + ("" if done["changed"] else " It was so already.")

        run(act(project, word), as_json, said)


async def _set_status(parts: Runtime, project: str, status: str) -> bool:
    async with parts.units() as uow:
        return await projects.set_status(uow, project, status)


async def _set_copilot(parts: Runtime, project: str, username: str) -> bool:
    found = None
    if username != "nobody":
        found = await on_miss(parts.units, replicas.USERS, parts.client("identity"), {"name": username})
        if found is None:
            raise NotFound(f"There is no user {username}.")
    async with parts.units() as uow:
        return await projects.set_copilot(uow, project, found.id if found else None)


async def _add_org(parts: Runtime, project: str, org: str) -> bool:
    org_id = await _org_id(parts, org)
    async with parts.units() as uow:
        return await projects.add_org(uow, project, org_id, by=operator())


_change(
    "set_project_status", "Give <project> the <status>.", _set_status, "The status of {project} is {word}."
)
_change(
    "set_copilot",
    "Make <username> the co-pilot of <project>; `nobody` for none.",
    _set_copilot,
    "The co-pilot of {project} is {word}.",
)
_change(
    "add_org_to_project", "Let in <project> the <org> take part.", _add_org, "{word} is part of {project}."
)


if __name__ == "__main__":
    commands()
