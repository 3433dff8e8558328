"""Airlock tells of a step of a request: kept and announced, everything else happens later."""

from typing import Any

import msgspec
from contracts.releases import AirlockEventReceived
from messaging.uow import UnitOfWork
from sqlalchemy import text
from sqlalchemy.dialects.postgresql import insert

from releases.models import AirlockEvent

TYPES = frozenset(
    f"request_{step}"
    for step in (
        *("submitted", "resubmitted", "partially_reviewed", "reviewed", "returned"),
        *("approved", "released", "rejected", "withdrawn"),
    )
)
_NEED_RELEASE = frozenset({"request_approved", "request_released"})

_FACTS = text("""
select (select project_id from known_workspaces where name = :workspace) as project_id,
  (select id from known_users where username = :user) as user_id,
  (select id from known_users where username = :author) as author_id,
  exists (select from releases where id = :request) as has_release
""")


class ReviewEvent(msgspec.Struct, frozen=True, kw_only=True):
    event_type: str
    workspace: str
    request: str
    request_author: str
    user: str
    updates: list[dict[str, Any]]
    org: str | None
    repo: str | None
    backend: str
    traceparent: str | None
    body: dict[str, Any]


def unknown(told: ReviewEvent) -> list[str]:
    """What is answered when somebody or something is not known here."""
    people = [f"User '{name}' does not exist" for name in (told.user, told.request_author)]
    return [*people, f"Workspace '{told.workspace}' does not exist"]


async def receive_event(uow: UnitOfWork, told: ReviewEvent) -> str | None:
    """Why it cannot be processed, or None; the same call again (by traceparent) does nothing more."""
    if told.event_type not in TYPES:
        return f"Unknown event type '{told.event_type.upper()}'"
    keys = {"workspace": told.workspace, "user": told.user, "author": told.request_author}
    facts = (await uow.session.execute(_FACTS, {**keys, "request": told.request})).one()
    for value, model, name in (
        (facts.user_id, "User", told.user),
        (facts.author_id, "User", told.request_author),
        (facts.project_id, "Workspace", told.workspace),
    ):
        if value is None:
            return f"{model} '{name}' does not exist"
    if told.event_type in _NEED_RELEASE and not facts.has_release:
        return "Release matching query does not exist."
    values = {
        "traceparent": told.traceparent,
        "request": told.request,
        "event_type": told.event_type,
        "backend": told.backend,
        "body": told.body,
        "user_id": facts.user_id,
    }
    statement = insert(AirlockEvent).values(values).on_conflict_do_nothing(index_elements=["traceparent"])
    event_id = await uow.session.scalar(statement.returning(AirlockEvent.id))
    if event_id is None:
        return None
    uow.publish(
        AirlockEventReceived(
            airlock_event_id=event_id,
            event_type=told.event_type,
            workspace=told.workspace,
            project_id=facts.project_id,
            request=told.request,
            request_author_id=facts.author_id,
            user_id=facts.user_id,
            updates=told.updates,
            org=told.org,
            repo=told.repo,
        )
    )
    return None
