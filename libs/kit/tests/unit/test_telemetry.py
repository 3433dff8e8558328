from collections.abc import Iterator
from uuid import UUID

import pytest
from kit import telemetry

TRACE = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-00"


@pytest.fixture(autouse=True)
def outside() -> Iterator[None]:
    """No request is being answered."""
    tokens = telemetry.request_id.set(""), telemetry.traceparent.set("")
    yield
    telemetry.request_id.reset(tokens[0])
    telemetry.traceparent.reset(tokens[1])


@pytest.mark.parametrize("value", ["a", "x" * 64, "Aa0-_.:", "01999999-0000-7000-8000-000000000000"])
def test_a_harmless_request_id_is_kept(value: str) -> None:
    assert telemetry.accept_request_id(value) == value


@pytest.mark.parametrize("value", ["", "x" * 65, "a b", "a\nb", "é", "<", "\x00", "a/b", "٣"])
def test_another_one_is_replaced_by_a_new_uuid(value: str) -> None:
    assert UUID(telemetry.accept_request_id(value)).version == 7


@pytest.mark.parametrize("value", [TRACE, TRACE[:-2] + "01", TRACE[:-2] + "ff"])
def test_a_trace_of_the_standard_is_kept(value: str) -> None:
    assert telemetry.accept_traceparent(value) == value


@pytest.mark.parametrize(
    "value",
    [
        "",
        TRACE + "\n",
        "01" + TRACE[2:],
        TRACE.replace("4bf92f35", "4BF92F35"),
        f"00-{'0' * 32}-{'1' * 16}-01",
    ],
)
def test_another_trace_begins_anew(value: str) -> None:
    made = telemetry.accept_traceparent(value)
    assert made != value
    assert telemetry.accept_traceparent(made) == made


def test_new_ids_are_never_the_same() -> None:
    assert len({telemetry.new_request_id() for _ in range(100)}) == 100
    assert len({telemetry.new_traceparent() for _ in range(100)}) == 100


def test_only_what_is_known_goes_out() -> None:
    assert telemetry.outgoing() == {}
    telemetry.request_id.set("form-42")
    assert telemetry.outgoing() == {"X-Request-ID": "form-42"}
    telemetry.traceparent.set(TRACE)
    assert telemetry.outgoing() == {"X-Request-ID": "form-42", "traceparent": TRACE}
