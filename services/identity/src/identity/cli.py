"""Commands for operators; each runs one action (I36)."""

from typing import Annotated, Any

import typer
from kit import cli, clock
from kit.cli import AsJson, operator, run
from kit.errors import NotFound, PermissionDenied
from kit.tokens import TokenHasher
from messaging.commands import register
from messaging.replicas import on_miss
from messaging.runtime import Runtime

from identity import consumers, policies, replicas, repository
from identity.actions import backends, login_tokens, rights, users
from identity.github import GitHubLogin
from identity.settings import Settings
from identity.states import SOURCES

commands = cli.app("People, organisations, backends and what they may do.")


def runtime() -> Runtime:
    return Runtime("identity", Settings())


register(
    commands,
    runtime,
    replicas=replicas.REPLICAS,
    sources=SOURCES,
    subscriptions=consumers.SUBSCRIPTIONS,
)


async def _create_user(
    username: str, name: str | None, email: str | None, roles: list[str]
) -> dict[str, Any]:
    policies.check_username(username)
    async with runtime() as parts:
        profile = await GitHubLogin(Settings()).account(username)
        async with parts.units() as uow:
            await users.lock_registration(uow)
            user = await repository.user_by_uid(uow.session, profile.uid)
            existed = user is not None
            if user is None:
                user = await users.create_user(
                    uow, profile, username, name=name or "", email=email or "", by=operator(), now=clock.now()
                )
        for role in roles:
            async with parts.units() as uow:
                await rights.grant(uow, user.username, role, by=operator())
        return {"id": user.id, "username": user.username, "exists": existed}


@commands.command("create_user")
def create_user(
    username: str,
    name: Annotated[str | None, typer.Option("--name", "-n", "--fullname", "-f")] = None,
    email: Annotated[str | None, typer.Option("--email", "-e")] = None,
    staff: Annotated[bool, typer.Option("--staff", "--staff-area-administrator", "-s")] = False,
    checker: Annotated[bool, typer.Option("--output-checker", "-o")] = False,
    as_json: AsJson = False,
) -> None:
    """Make an account for a GitHub login, so that roles can be given before the first log-in."""
    roles = [role for role, on in (("StaffAreaAdministrator", staff), ("OutputChecker", checker)) if on]
    run(_create_user(username, name, email, roles), as_json, "User {username} has id {id}.")


async def _create_backend(slug: str, name: str, rotate: bool) -> dict[str, Any]:
    hasher = TokenHasher(Settings().token_keys)
    async with runtime() as parts, parts.units() as uow:
        backend, token, by = await backends.find_backend(uow, slug), None, operator()
        existed = backend is not None
        if backend is None:
            backend, token = await backends.create_backend(uow, hasher, slug, name, by=by)
        elif name:
            backends.rename_backend(uow, backend, name, by=by)
        if existed and rotate:
            token = await backends.rotate_backend_token(uow, hasher, backend, by=by, now=clock.now())
        return {"id": backend.id, "slug": slug, "token": token, "exists": existed}


@commands.command("create_backend")
def create_backend(
    slug: str,
    name: Annotated[str, typer.Option("--name", "-n")] = "",
    rotate: Annotated[bool, typer.Option(help="Make a new token; the old one works for a day.")] = False,
    as_json: AsJson = False,
) -> None:
    """Make a backend and print its token, which is shown only now."""

    def sentence(made: dict[str, Any]) -> str:
        if made["token"] is None:
            return f"Backend {slug} exists and keeps its token; --rotate makes a new one."
        return f"Backend {slug}: token {made['token']}"

    run(_create_backend(slug, name, rotate), as_json, sentence)


async def _create_org(slug: str, name: str) -> dict[str, Any]:
    async with runtime() as parts, parts.units() as uow:
        found = await backends.find_org(uow, slug)
        org = found or await backends.create_org(uow, slug, name, by=operator())
        return {"id": org.id, "slug": org.slug, "exists": found is not None}


@commands.command("create_org")
def create_org(
    slug: str, name: Annotated[str, typer.Option("--name", "-n")] = "", as_json: AsJson = False
) -> None:
    """Make an organisation."""
    run(_create_org(slug, name), as_json, "Organisation {slug} has id {id}.")


async def _project_id(parts: Runtime, slug: str) -> int:
    """A project made a moment ago may not have arrived yet, so its owner is asked too."""
    async with parts.units() as uow:
        if known := await repository.project_by_slug(uow.session, slug):
            return known.id
    found = await on_miss(parts.units, replicas.PROJECTS, parts.client("projects"), {"slug": slug})
    if found is None:
        raise NotFound(f"There is no project {slug}.")
    return found.id


async def _add_member(project: str, username: str, roles: list[str]) -> dict[str, Any]:
    async with runtime() as parts:
        project_id = await _project_id(parts, project)
        async with parts.units() as uow:
            changed = await rights.add_member(uow, project_id, username, roles, by=operator())
    return {"project": project, "username": username, "roles": roles, "exists": not changed}


@commands.command("add_member")
def add_member(
    project: str,
    username: str,
    role: Annotated[list[str] | None, typer.Option("--role", "-r")] = None,
    as_json: AsJson = False,
) -> None:
    """Make somebody a member of a project, with roles or without."""
    run(_add_member(project, username, role or []), as_json, "{username} is a member of {project}.")


async def _remove_member(project: str, username: str) -> dict[str, Any]:
    async with runtime() as parts:
        project_id = await _project_id(parts, project)
        async with parts.units() as uow:
            changed = await rights.remove_member(uow, project_id, username, by=operator())
    return {"project": project, "username": username, "changed": changed, "exists": not changed}


@commands.command("remove_member")
def remove_member(project: str, username: str, as_json: AsJson = False) -> None:
    """Take somebody out of a project, with all roles there."""

    def sentence(done: dict[str, Any]) -> str:
        was = "is no longer" if done["changed"] else "was not"
        return f"{username} {was} a member of {project}."

    run(_remove_member(project, username), as_json, sentence)


def _change(name: str, help_text: str, work: Any, sentence: str, otherwise: str = "") -> None:
    """A command of two words that changes somebody's rights; `otherwise` is said when nothing changed."""

    async def act(first: str, second: str) -> dict[str, Any]:
        async with runtime() as parts, parts.units() as uow:
            changed = await work(uow, first, second, by=operator())
            return {"first": first, "second": second, "changed": changed, "exists": not changed}

    @commands.command(name, help=help_text)
    def command(first: str, second: str, as_json: AsJson = False) -> None:

        def said(done: dict[str, Any]) -> str:
            return (sentence if done["changed"] else otherwise or sentence).format(**done)

        run(act(first, second), as_json, said)


_change("grant", "Give <username> the global <Role>.", rights.grant, "{first} holds {second}.")
_change(
    "revoke",
    "Take the global <Role> from <username>.",
    rights.revoke,
    "{second} was taken from {first}.",
    "{first} did not hold {second}; nothing changed.",
)
_change(
    "remove_from_backend",
    "Let <username> no longer use <backend>.",
    rights.remove_from_backend,
    "{first} may no longer use {second}.",
    "{first} could not use {second}; nothing changed.",
)
_change("add_to_backend", "Let <username> use <backend>.", rights.add_to_backend, "{first} may use {second}.")
_change("add_to_org", "Put into <org> the <username>.", rights.add_to_org, "{second} belongs to {first}.")


async def _create_login_token(username: str) -> dict[str, Any]:
    async with runtime() as parts:
        async with parts.units() as uow:
            user_id = (await repository.user_by_name(uow.session, username)).id
        try:
            token = await login_tokens.issue(parts.units, user_id, by=operator(), now=clock.now())
        except PermissionDenied as refusal:
            raise PermissionDenied(
                policies.REFUSALS_OF[refusal.extra["reason"]].format(username)
            ) from refusal
    return {"username": username, "token": token}


@commands.command("create_login_token")
def create_login_token(username: str, as_json: AsJson = False) -> None:
    """Print three words with which <username> can log in to Airlock once, within an hour."""
    run(_create_login_token(username), as_json, "{token}")


if __name__ == "__main__":
    commands()
