"""What can be switched on and off at a workspace."""

import httpx
from starlette.responses import Response

from ..addresses import WORK
from ..conftest import Csrf, Neighbours, token


async def test_switches_of_a_workspace(rosa: httpx.AsyncClient, neighbours: Neighbours, csrf: Csrf) -> None:
    right = await token(rosa, csrf)
    neighbours.answers["PATCH projects/workspaces/study-ws"] = Response(b"", 204)
    for path, field, sent in (
        ("notifications-toggle", "should_notify", True),
        ("archive-toggle", "is_archived", True),
        ("archive-toggle", "is_archived", False),
    ):
        data = {"csrf": right, field: "True" if sent else ""}
        answer = await rosa.post(f"{WORK}{path}/", data=data)
        assert answer.headers["location"] == WORK
        assert neighbours.sent[-1] == {field: sent}
