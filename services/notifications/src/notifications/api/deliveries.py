"""Deliveries, for staff."""

from typing import Annotated

from fastapi import APIRouter, Query, Response
from kit import clock
from kit.app import CurrentActor, as_json
from kit.paging import Before
from messaging.runtime import Data
from messaging.uow import Uow

from notifications import policies, queries
from notifications.actions.resend import resend

router = APIRouter(prefix="/deliveries")


@router.get("")
async def deliveries(
    actor: CurrentActor,
    data: Data,
    before: Before = None,
    status: Annotated[str | None, Query(pattern="^(waiting|delivered|given_up)$")] = None,
) -> Response:
    policies.check_staff(actor)
    return as_json(await queries.deliveries(data, queries.Filter(status), before))


@router.post("/{delivery_id}/again", status_code=204)
async def resend_delivery(delivery_id: int, actor: CurrentActor, uow: Uow) -> None:
    policies.check_staff(actor)
    await resend(uow, delivery_id, now=clock.now())
