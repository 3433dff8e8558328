"""Steps of a release request, told by mail, GitHub issue and Slack (N15)."""

from typing import Any, NamedTuple

from contracts.releases import AirlockEventReceived
from messaging.owners import require
from messaging.uow import UnitOfWork
from sqlalchemy import text

from notifications import replicas
from notifications.actions.record import mail, record, slack


class Step(NamedTuple):
    phrase: str
    issue: str  # create, comment or close
    label: str | None = None
    slack: bool = False
    mail: str | None = None


STEPS = {
    "request_submitted": Step("request submitted", "create", "Pending review"),
    "request_resubmitted": Step("request resubmitted", "comment", "Pending review", True),
    "request_partially_reviewed": Step("request reviewed once", "comment", "Under review", True),
    "request_reviewed": Step("request reviewed twice", "comment", "Under review", True),
    "request_returned": Step("request returned", "comment", "With requester", True, "release_returned"),
    "request_approved": Step("request approved", "comment", None, True, "release_approved"),
    "request_released": Step("request released", "close", None, False, "release_released"),
    "request_rejected": Step("request rejected", "close", None, False, "release_rejected"),
    "request_withdrawn": Step("request withdrawn", "close"),
}

_SUBJECTS = {
    "release_approved": "Release request approved for workspace {workspace}",
    "release_released": "Files released for workspace {workspace}",
    "release_rejected": "Release request rejected: {workspace} ({request})",
    "release_returned": "Release request returned: {workspace} ({request})",
}

# One row, also when some of it has not arrived.
_FACTS = text("""
select u.username as by, a.username as author, a.fullname as author_name, p.slug as project, w.repo_url,
  w.name as workspace,
  coalesce((select array_agg(o.slug order by o.slug) from known_orgs o where o.id = any(p.org_ids)),
    '{}') as orgs,
  coalesce((select array_agg(o.slug) from known_orgs o where o.id = any(a.org_ids)), '{}') as author_orgs
from (select) one left join known_users u on u.id = :user left join known_users a on a.id = :author
left join known_workspaces w on w.name = :workspace left join known_projects p on p.id = :project
""")


def update_lines(phrase: str, username: str, updates: list[dict[str, Any]]) -> list[str]:
    """`update_type` is the older name of `update` and wins (N17)."""
    lines = [f"{phrase} by user {username}"]
    for update in updates:
        line = str(update.get("update_type") or update.get("update") or "updated")
        if update.get("group"):
            line += f" (filegroup {update['group']})"
        if update.get("user"):
            line += f" by user {update['user']}"
        lines.append(" ".join(line.split()))
    return lines


async def _facts(uow: UnitOfWork, event: AirlockEventReceived) -> Any:
    keys = {"user": event.user_id, "author": event.request_author_id, "workspace": event.workspace}
    facts = (await uow.session.execute(_FACTS, keys | {"project": event.project_id})).one()
    require(
        (facts.by, replicas.USERS, {"id": event.user_id}),
        (facts.author, replicas.USERS, {"id": event.request_author_id}),
        (facts.workspace, replicas.WORKSPACES, {"name": event.workspace}),
        (facts.project, replicas.PROJECTS, {"id": event.project_id}),
    )
    return facts


async def tell_of_event(uow: UnitOfWork, event: AirlockEventReceived) -> None:
    """Raises MissingReplica until workspace and people have arrived here."""
    step = STEPS[event.event_type]
    facts = await _facts(uow, event)
    lines = update_lines(step.phrase, facts.by, event.updates)
    key, lane = f"airlock:{event.airlock_event_id}", f"request:{event.request}"
    context = {
        "request": event.request,
        "workspace": event.workspace,
        "project": facts.project,
        "author": facts.author,
        "author_name": facts.author_name,
        "repo_url": facts.repo_url,
        "lines": lines,
        "orgs": facts.orgs,
        "author_orgs": facts.author_orgs,
        "org": event.org,
        "repo": event.repo,
        "label": step.label,
        "action": step.issue,
    }
    title = f"{event.workspace} {event.request}"
    rows: list[dict[str, Any]] = [
        {
            "key": f"{key}:github",
            "channel": "github",
            "lane": lane,
            "recipient": "",
            "template": f"issue_{step.issue}",
            "subject": title,
            "context": context,
        }
    ]
    if step.slack:
        said = {"title": title, "lines": lines}
        rows.append(
            slack(f"{key}:slack", "@output_checking", "request_updated", f"{title} updated", said, lane=lane)
        )
    if step.mail:
        subject = _SUBJECTS[step.mail].format(workspace=event.workspace, request=event.request)
        mail_context = {name: context[name] for name in ("request", "workspace", "project")}
        rows.append(
            mail(
                f"{key}:email",
                event.request_author_id,
                step.mail,
                subject,
                {**mail_context, "lines": lines[1:]},
            )
        )
    await record(uow, rows)
