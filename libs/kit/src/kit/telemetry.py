"""Which request and trace the current task belongs to; travels over HTTP and NATS."""

import re
import secrets
from contextvars import ContextVar

import uuid_utils

request_id: ContextVar[str] = ContextVar("request_id", default="")
traceparent: ContextVar[str] = ContextVar("traceparent", default="")
# One call of somebody outside, also when it is made again inside; never chosen by whoever calls.
call_id: ContextVar[str] = ContextVar("call_id", default="")
CALL_HEADER = "x-job-server-call"

_SAFE = frozenset("0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ-_.:")

_TRACEPARENT = re.compile(r"00-(?!0{32})[0-9a-f]{32}-(?!0{16})[0-9a-f]{16}-[0-9a-f]{2}")


def new_request_id() -> str:
    return str(uuid_utils.uuid7())


def new_traceparent() -> str:
    return f"00-{secrets.token_hex(16)}-{secrets.token_hex(8)}-01"


def accept_request_id(value: str) -> str:
    """A caller's id when it is short and harmless in a log, otherwise a new one."""
    return value if 0 < len(value) <= 64 and _SAFE.issuperset(value) else new_request_id()


def accept_traceparent(value: str) -> str:
    """A caller's trace when it is one (W3C Trace Context), otherwise a new one: it travels and is logged."""
    return value if _TRACEPARENT.fullmatch(value) else new_traceparent()


def outgoing() -> dict[str, str]:
    """Headers that let the next process log under the same ids."""
    headers = {}
    if value := request_id.get():
        headers["X-Request-ID"] = value
    if value := traceparent.get():
        headers["traceparent"] = value
    if value := call_id.get():
        headers[CALL_HEADER] = value
    return headers
