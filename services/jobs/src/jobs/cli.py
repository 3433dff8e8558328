"""Commands for operators; each runs one action (J57)."""

import asyncio
import uuid
from typing import Annotated, Any

import typer
from kit import cli
from kit.cli import AsJson, run
from kit.errors import Invalid, NotFound
from kit.github import GitHub
from messaging.commands import register
from messaging.runtime import Runtime
from sqlalchemy import select

from jobs import consumers, replicas, repository
from jobs.actions.submit import NewRequest, submit_job_request
from jobs.models import KnownUser
from jobs.owners import Owners
from jobs.settings import Settings
from jobs.study import Studies

commands = cli.app("Job requests.")


def runtime() -> Runtime:
    return Runtime("jobs", Settings())


register(commands, runtime, replicas=replicas.REPLICAS, subscriptions=consumers.SUBSCRIPTIONS)


async def _user_id(parts: Runtime, username: str) -> int | None:
    async with parts.units() as uow:
        found: int | None = await uow.session.scalar(
            select(KnownUser.id).where(KnownUser.username == username)
        )
        return found


async def _create_rap(
    workspace_name: str, username: str, backend: str, actions: list[str], commit: str | None, force: bool
) -> dict[str, Any]:
    settings = Settings()
    async with runtime() as parts:
        owners = Owners(parts.units, {name: parts.client(name) for name in ("identity", "projects")})
        workspace = await repository.workspace_or_ask(parts.units, owners, workspace_name)
        user_id = await _user_id(parts, username)
        if user_id is None and await owners.ask(replicas.USERS, name=username):
            user_id = await _user_id(parts, username)
        if user_id is None:
            raise NotFound(f"There is no user {username}.")
        github = GitHub(settings.github_api_url, settings.jobserver_github_token)
        studies = Studies(github, settings.opencodelists_url)
        try:
            head = await studies.commit(workspace.repo_url, workspace.branch, commit)
            study, codelists = await asyncio.gather(
                studies.read(workspace.repo_url, head.sha), studies.codelists(workspace.repo_url, head.sha)
            )
        finally:
            await studies.close()
        if study.pipeline is None:
            raise Invalid(study.problem or "Nothing can be run from this commit.")
        new = NewRequest(
            backend=backend,
            actions=actions,
            sha=head.sha,
            commit_message=head.message,
            force_run_dependencies=force,
            will_notify=False,
            codelists_ok=codelists.ok,
            key=uuid.uuid4().hex,
        )
        async with parts.units() as uow:
            request_id = await submit_job_request(uow, user_id, workspace, study.text, study.pipeline, new)
        return {"id": request_id}


@commands.command("create_rap")
def create_rap(
    workspace: str,
    user: str,
    backend: str,
    action: Annotated[list[str], typer.Option("--action", "-a")],
    commit: Annotated[str | None, typer.Option("--commit")] = None,
    force_run_dependencies: Annotated[bool, typer.Option("--force-run-dependencies")] = False,
    as_json: AsJson = False,
) -> None:
    """Ask for actions to be run in somebody's name."""
    work = _create_rap(workspace, user, backend, action, commit, force_run_dependencies)
    run(work, as_json, "Request {id} was made.")


if __name__ == "__main__":
    commands()
