"""Keyset pages: newest first, `before=<id>` for the next ones, no counting of whole tables."""

from typing import Annotated

from fastapi import Query

PAGE = 25
Before = Annotated[int | None, Query(ge=1, le=2**62)]
After = Annotated[int | None, Query(ge=0, le=2**62)]
Limit = Annotated[int, Query(ge=1, le=500)]
