"""The trail of what was done, written in the transaction of the change (I33)."""

from messaging.uow import UnitOfWork

from identity.models import AuditEvent


def record(
    uow: UnitOfWork,
    kind: str,
    by: str,
    *,
    user: str = "",
    target: str = "",
    project_id: int | None = None,
    old: str = "",
    new: str = "",
) -> None:
    uow.session.add(
        AuditEvent(type=kind, by=by, target_user=user, target=target, project_id=project_id, old=old, new=new)
    )
