"""The owner's side of replicas: its state by page or key, and republishing it."""

from collections.abc import Awaitable, Callable, Mapping, Sequence
from typing import Annotated

from contracts.base import State
from contracts.catalogue import SERVICES
from fastapi import APIRouter, Query, Request, Response
from kit.app import CurrentActor, as_json
from kit.errors import Invalid, NotFound
from sqlalchemy.ext.asyncio import AsyncSession

from messaging.uow import Units

# (session, after id, limit, key) -> states in id order; `key` is {} or one column to look up
Source = Callable[[AsyncSession, int, int, Mapping[str, str]], Awaitable[Sequence[State]]]


def router(
    sources: Mapping[str, Source], keys: frozenset[str] = frozenset({"id", "name", "slug"})
) -> APIRouter:
    """GET /state/<thing>?after=&limit= (or ?id=, ?slug=, ?name=) for the other services."""
    routes = APIRouter(include_in_schema=False)

    @routes.get("/state/{thing}")
    async def state(
        thing: str,
        request: Request,
        actor: CurrentActor,
        after: Annotated[int, Query(ge=0, le=2**62)] = 0,
        limit: Annotated[int, Query(ge=1, le=500)] = 500,
    ) -> Response:
        actor.check_service(*SERVICES, "gateway")
        if thing not in sources:
            raise NotFound("There is no such thing here.")
        key = {name: value for name, value in request.query_params.items() if name in keys}
        if "id" in key and not (key["id"].isdecimal() and len(key["id"]) < 19):
            raise Invalid("An id is a number.")
        async with request.app.state.units() as uow:
            found = await sources[thing](uow.session, after, limit, key)
        return as_json(found)

    return routes


async def republish(units: Units, sources: Mapping[str, Source]) -> int:
    """Say every state again; receivers ignore what they already have. How many were said."""
    count = 0
    for source in sources.values():
        after = 0
        while True:
            async with units() as uow:
                page = await source(uow.session, after, 500, {})
                uow.publish(*page)
            if not page:
                break
            count += len(page)
            after = page[-1].id
    return count
