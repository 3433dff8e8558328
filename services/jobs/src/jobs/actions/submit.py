"""Asking for actions to be run: one transaction, no network in it."""

import hashlib

import msgspec
from contracts.jobs import TOLD, JobRequestCreated
from kit.words import COMMIT_SUBJECT, cut
from messaging.uow import UnitOfWork
from sqlalchemy import select
from sqlalchemy.dialects.postgresql import insert

from jobs.models import JobRequest, KnownWorkspace, PipelineFile, Submission, facts_of
from jobs.pipeline import Pipeline


class NewRequest(msgspec.Struct, frozen=True, kw_only=True):
    """What is asked for; a form's is checked before."""

    backend: str
    actions: list[str]
    sha: str
    commit_message: str
    force_run_dependencies: bool
    will_notify: bool
    codelists_ok: bool
    key: str


async def submit_job_request(
    uow: UnitOfWork,
    user_id: int,
    workspace: KnownWorkspace,
    text: str,
    pipeline: Pipeline,
    wanted: NewRequest,
) -> int:
    """The new request's id, or that of the request which the same form already made."""
    sha256 = hashlib.sha256(text.encode()).hexdigest()
    graph = [{"name": action.name, "needs": list(action.needs)} for action in pipeline.actions]
    await uow.session.execute(
        insert(PipelineFile).values(sha256=sha256, body=text, graph=graph).on_conflict_do_nothing()
    )
    values = {
        "workspace_id": workspace.id,
        "workspace": workspace.name,
        "project_id": workspace.project_id,
        "backend": wanted.backend,
        "created_by_id": user_id,
        "key": wanted.key,
        "requested_actions": wanted.actions,
        "force_run_dependencies": wanted.force_run_dependencies,
        "will_notify": wanted.will_notify,
        "sha": wanted.sha,
        "commit_message": cut(wanted.commit_message, COMMIT_SUBJECT),
        "branch": workspace.branch,
        "codelists_ok": wanted.codelists_ok,
        "definition_sha256": sha256,
    }
    statement = (
        insert(JobRequest).values(values).on_conflict_do_nothing(index_elements=["created_by_id", "key"])
    )
    columns = [JobRequest.id, JobRequest.workspace, JobRequest.project_id, JobRequest.backend]
    made = await uow.session.execute(statement.returning(*columns, JobRequest.created_by_id))
    if (request := made.one_or_none()) is None:
        query = select(JobRequest.id).where(JobRequest.created_by_id == user_id, JobRequest.key == wanted.key)
        return int((await uow.session.scalars(query)).one())
    uow.session.add(Submission(job_request_id=request.id))
    uow.publish(JobRequestCreated(**facts_of(request), actions=wanted.actions[:TOLD]))
    return int(request.id)
