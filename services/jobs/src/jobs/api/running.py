"""The run-jobs form and its submission (J1 to J16)."""

import asyncio
from typing import Annotated

import msgspec
from clients.jobs import ActionOption, BackendStatus, RunForm
from fastapi import APIRouter, Query, Response
from kit.app import CurrentActor, as_json
from kit.errors import AppError, Conflict, Invalid, PermissionDenied
from kit.github import Commit
from messaging.runtime import Begin, Data
from pydantic import BaseModel, Field

from jobs import policies, queries, repository
from jobs.actions.submit import NewRequest, submit_job_request
from jobs.api.deps import AskedOwners, AskedStudies, Config
from jobs.models import KnownWorkspace
from jobs.pipeline import PipelineError, check_policy
from jobs.pipeline.model import RUN_ALL
from jobs.settings import Settings
from jobs.study import Codelists, Studies, Study

router = APIRouter()
Ref = Annotated[str | None, Query(max_length=250)]


class SubmitIn(BaseModel):
    backend: str = Field(max_length=255)
    requested_actions: list[str] = Field(max_length=4000)
    sha: str = Field(pattern=r"^[0-9a-f]{40}$")
    force_run_dependencies: bool = False
    will_notify: bool = False
    key: str = Field(min_length=8, max_length=64)


@router.get("/workspaces/{name}/run-form")
async def run_form(
    name: str,
    actor: CurrentActor,
    data: Data,
    begin: Begin,
    studies: AskedStudies,
    owners: AskedOwners,
    config: Config,
    backend: Annotated[str | None, Query(max_length=255)] = None,
    ref: Ref = None,
    since: Ref = None,
) -> Response:
    workspace = await repository.workspace_or_ask(begin, owners, name)
    user = policies.check_run(actor, workspace.project_id)
    if workspace.is_archived:
        raise Conflict("This workspace is archived: nothing can be run in it.")
    slugs = policies.usable_backends(user, closed=config.disable_creating_jobs)
    if not slugs:
        raise PermissionDenied("You may not use any backend yet. Ask the team that runs this site.")
    known = msgspec.json.decode(await queries.backends(data, slugs), type=list[BackendStatus])
    usable = {one.slug for one in known}
    chosen = (
        backend if backend in usable else None
    )  # another is never chosen in the place of one that is named
    if backend is None:
        only = known[0].slug if len(known) == 1 else None
        chosen = only or await queries.last_backend(data, name, sorted(usable))
    loaded, results = await asyncio.gather(
        _load(studies, config, workspace, ref, await queries.project_slug(data, workspace.project_id)),
        queries.last_results(data, name, chosen),
    )
    commit, study, codelists = loaded
    commits_since = None
    if since and commit is not None and since != commit.sha:
        commits_since = await studies.commits_since(workspace.repo_url, since, commit.sha)
    form = RunForm(
        commits_since=commits_since,
        workspace=await queries.workspace_ref(data, name),
        backends=known,
        selected_backend=chosen,
        branch=workspace.branch,
        sha=commit.sha if commit else None,
        commit_message=commit.message if commit else "",
        commit_author=commit.author if commit else "",
        commit_at=commit.at if commit else None,
        actions=_options(study, codelists, results),
        problem=study.problem,
        problem_line=study.line,
        codelists_ok=codelists.ok,
        codelists_message=codelists.message,
    )
    return as_json(form)


async def _load(
    studies: Studies, config: Settings, workspace: KnownWorkspace, ref: str | None, project: str
) -> tuple[Commit | None, Study, Codelists]:
    """What can be run; every trouble becomes the sentence that the page shows."""
    try:
        commit = await studies.commit(workspace.repo_url, workspace.branch, ref)
        study, codelists = await asyncio.gather(
            studies.read(workspace.repo_url, commit.sha), studies.codelists(workspace.repo_url, commit.sha)
        )
    except AppError as exc:
        return None, Study(problem=exc.detail), Codelists(ok=True)
    return commit, _with_policy(study, config, project), codelists


def _with_policy(study: Study, config: Settings, project: str) -> Study:
    if study.pipeline is None:
        return study
    try:
        check_policy(study.pipeline, sqlrunner_allowed=project in config.sqlrunner_projects)
    except PipelineError as exc:
        return Study(text=study.text, problem=exc.message, line=exc.line)
    return study


def _options(study: Study, codelists: Codelists, results: dict[str, ActionOption]) -> list[ActionOption]:
    """In file order; one that runs everything comes last, unless the file has its own."""
    if study.pipeline is None:
        return []
    found = []
    for action in study.pipeline.actions:
        last = results.get(action.name) or ActionOption(name=action.name, run="", needs=[])
        found.append(
            msgspec.structs.replace(
                last,
                run=action.run,
                needs=list(action.needs),
                is_database=action.is_database,
                blocked=_stale(codelists) if action.is_database and not codelists.ok else None,
            )
        )
    if RUN_ALL not in {option.name for option in found}:
        found.append(ActionOption(name=RUN_ALL, run="", needs=[]))
    return found


@router.post("/workspaces/{name}/job-requests", status_code=201)
async def submit(
    name: str,
    body: SubmitIn,
    actor: CurrentActor,
    begin: Begin,
    data: Data,
    studies: AskedStudies,
    owners: AskedOwners,
    config: Config,
) -> dict[str, int]:
    """GitHub is asked before the transaction; the file of a commit just shown is remembered."""
    workspace = await repository.workspace_or_ask(begin, owners, name)
    user = policies.check_run(actor, workspace.project_id)
    if workspace.is_archived:
        raise Conflict("This workspace is archived: nothing can be run in it.")
    project = await queries.project_slug(data, workspace.project_id)
    study, codelists, commit_message, on_branch = await asyncio.gather(
        studies.read(workspace.repo_url, body.sha),
        studies.codelists(workspace.repo_url, body.sha),
        studies.commit_message(workspace.repo_url, body.sha),
        studies.is_on_branch(workspace.repo_url, workspace.branch, body.sha),
    )
    if not on_branch:
        raise Invalid(f"The commit {body.sha[:7]} is not on the branch {workspace.branch} of this workspace.")
    study = _with_policy(study, config, project)
    slugs = policies.usable_backends(user, closed=config.disable_creating_jobs)
    _check(body, study, codelists, slugs)
    assert study.pipeline is not None
    wanted = NewRequest(
        backend=body.backend,
        actions=list(dict.fromkeys(body.requested_actions)),
        sha=body.sha,
        commit_message=commit_message,
        force_run_dependencies=body.force_run_dependencies,
        will_notify=body.will_notify,
        codelists_ok=codelists.ok,
        key=body.key,
    )
    async with begin() as uow:
        request_id = await submit_job_request(
            uow, user.user_id, workspace, study.text, study.pipeline, wanted
        )
    return {"id": request_id}


def _stale(codelists: Codelists) -> str:
    return codelists.message or "The codelists are out of date."


def _check(body: SubmitIn, study: Study, codelists: Codelists, backends: list[str]) -> None:
    """Raises Invalid with a sentence per field."""
    fields: dict[str, list[str]] = {}
    if body.backend not in backends:
        fields["backend"] = ["Choose a backend that you may use."]
    if study.pipeline is None:
        raise Invalid(study.problem or "Nothing can be run from this commit.", fields=fields)
    by_name = {action.name: action for action in study.pipeline.actions}
    unknown = [name for name in body.requested_actions if name not in by_name and name != RUN_ALL]
    if unknown:
        fields["requested_actions"] = [f"Not in this project.yaml: {', '.join(unknown)}."]
    elif not body.requested_actions:
        fields["requested_actions"] = ["Tick at least one action."]
    elif not codelists.ok:
        run = set(body.requested_actions)
        if body.force_run_dependencies:
            run = study.pipeline.with_dependencies(run)
        stale = [name for name in by_name if name in run and by_name[name].is_database]
        if stale:
            fields["requested_actions"] = [f"{_stale(codelists)} Needed by: {', '.join(stale)}."]
    if fields:
        raise Invalid("The request cannot be made like this.", fields=fields)
