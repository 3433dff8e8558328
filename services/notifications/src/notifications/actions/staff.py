"""What staff should look at is one Slack message, however often it is told."""

from contracts.base import StaffNotice
from messaging.uow import UnitOfWork

from notifications.actions.record import record, slack


async def tell_staff(uow: UnitOfWork, event: StaffNotice) -> None:
    context = {"title": event.title, "lines": [event.text], "path": event.path}
    await record(uow, [slack(f"staff:{event.told}", "@alerts", "staff_told", event.title, context)])
