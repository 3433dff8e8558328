"""GET /api/v2/workspaces/<name>/statuses/: the hottest read, so a plain Starlette route (J55)."""

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

_STATUSES = """
select coalesce(
  (select json_object_agg(action, status) from (
    select distinct on (action) action, status from action_status
    where workspace = $1 and ($2::text is null or backend = $2) order by action, created_at desc) newest),
  case when exists (select from known_workspaces where name = $1) then '{}'::json end)::text
"""


async def statuses(request: Request) -> Response:
    """`{action: status}`; an unknown workspace is 404 with an empty body."""
    backend = request.query_params.get("backend") or None
    name, database = request.path_params["name"], request.app.state.database
    found = await database.fetchval(_STATUSES, name, backend)
    if found is None and await request.app.state.owners.workspace(name) is not None:
        found = "{}"
    if found is None:
        return Response(b"", 404)
    return Response(found, media_type="application/json")


ROUTE = Route("/api/v2/workspaces/{name}/statuses/", statuses, methods=["GET"])
