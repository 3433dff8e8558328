"""Cookies as ASGI sees them."""

from starlette.requests import cookie_parser
from starlette.types import Scope


def cookie(scope: Scope, name: str) -> str:
    """The value of one cookie, or ""."""
    for key, value in scope["headers"]:
        if key == b"cookie" and name.encode() in value:
            return cookie_parser(value.decode("latin-1")).get(name, "")
    return ""
