"""Why the controller had nothing to do, said so that it can be followed up."""

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncSession

_RUNNING = "already scheduled to run"  # the controller's words (RAP16)
_HOLDER = text("""
select h.id from job_requests r join job_requests h on h.workspace = r.workspace and h.backend = r.backend
join jobs j on j.job_request_id = h.id
where r.id = :id and h.id <> r.id and h.live > 0 and j.status in ('pending', 'running')
  and (j.action = any(r.requested_actions) or 'run_all' = any(r.requested_actions))
order by h.id desc limit 1
""")


async def nothing_to_do(session: AsyncSession, request_id: int, details: str) -> str:
    if _RUNNING not in details:
        return details or "There was nothing to do."
    holder = await session.scalar(_HOLDER, {"id": request_id})
    where = f" in request {holder}" if holder else ""
    return f"The jobs you asked for are already running{where}."
