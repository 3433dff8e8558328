"""The whole system under input that no browser and no Airlock sends: never a 5xx, and it goes on."""

from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from testkit.raw import BYTES, PLACES, addresses, answer_to, hostile, status
from testkit.stack import Stack
from testkit.visitor import Visitor

pytestmark = [pytest.mark.e2e, pytest.mark.xdist_group("stack")]
URLS = Path(__file__).parents[1] / "contract" / "urls.md"
ODD = [
    b"%00",
    b"%F0%9F%98%80",
    b"-1",
    b"9" * 40,
    b"9223372036854775808",
    b"\xff\xfe",
    b"\\u0000",
    b"%",
    b"''",
]
LIMITS = settings(
    max_examples=1200, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)


@LIMITS
@given(
    data=BYTES | st.sampled_from(ODD), where=st.sampled_from(PLACES), path=st.sampled_from(addresses(URLS))
)
async def test_any_bytes_anywhere_are_never_a_5xx(
    stack: Stack, rosa: Visitor, data: bytes, where: str, path: str
) -> None:
    [cookie] = [f"{c.name}={c.value}" for c in rosa.web.cookies.jar if c.name.startswith("session_")]
    token = stack.demo["backend"]["token"].encode()
    sent = hostile(path, data, where, session=cookie.encode(), token=token)
    assert status(await answer_to(stack.url, sent)) < 500, sent
