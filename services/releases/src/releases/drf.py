"""Answers in the shapes that Airlock knows (A5, A11, A13)."""

from typing import Any

import orjson
from fastapi import Response


def json(body: Any, status: int = 200, headers: dict[str, str] | None = None) -> Response:
    return Response(orjson.dumps(body), status, headers, media_type="application/json")


def detail(status: int, text: str) -> Response:
    return json({"detail": text}, status)


def no(model: str) -> Response:
    return detail(404, f"No {model} matches the given query.")


class Fields:
    """Faults by field, collected while a body is checked."""

    REQUIRED, BLANK, NULL = (
        "This field is required.",
        "This field may not be blank.",
        "This field may not be null.",
    )

    def __init__(self) -> None:
        self.faults: dict[str, Any] = {}

    def add(self, name: str, text: str) -> None:
        self.faults.setdefault(name, []).append(text)

    def text(self, body: dict[str, Any], name: str, limit: int = 1000) -> str:
        """The trimmed text of a field, or "" with a fault."""
        if name not in body:
            self.add(name, self.REQUIRED)
        elif body[name] is None:
            self.add(name, self.NULL)
        elif isinstance(body[name], bool) or not isinstance(body[name], (str, int, float)):
            self.add(name, "Not a valid string.")
        elif not (value := str(body[name]).strip()):
            self.add(name, self.BLANK)
        elif len(value) > limit or "\0" in value:
            self.add(name, "This value is too long or has NUL characters.")
        else:
            return value
        return ""
