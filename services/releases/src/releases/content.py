"""Researchers' files as responses: never with the site's own rights (F17 to F21)."""

import posixpath
from datetime import datetime
from email.utils import format_datetime
from urllib.parse import quote

_TYPES = {
    ".csv": "text/csv; charset=utf-8",
    ".html": "text/html; charset=utf-8",
    ".htm": "text/html; charset=utf-8",
    ".txt": "text/plain; charset=utf-8",
    ".md": "text/markdown; charset=utf-8",
    ".json": "application/json",
    ".svg": "image/svg+xml",
    ".png": "image/png",
    ".jpg": "image/jpeg",
    ".jpeg": "image/jpeg",
    ".gif": "image/gif",
    ".svgz": "application/gzip",
    ".pdf": "application/pdf",
}
_CLOSED = "default-src 'none'; style-src 'unsafe-inline'; img-src data: blob:; form-action 'none'"


def content_type(name: str) -> str:
    return _TYPES.get(posixpath.splitext(name)[1].lower(), "application/octet-stream")


def headers(name: str, at: datetime, *, download: bool, scripts: bool) -> dict[str, str]:
    """A sandbox on the response itself; PDF viewers do not work in one, so PDF gets none."""
    kind = content_type(name)
    if kind == "application/pdf":
        policy = "default-src 'none'"
    elif scripts:
        policy = f"sandbox allow-scripts; script-src 'unsafe-inline'; {_CLOSED}"
    else:
        policy = f"sandbox; {_CLOSED}"
    base = posixpath.basename(name)
    plain = base.encode("ascii", "replace").decode().replace('"', "'")
    shown = "attachment" if download else "inline"
    return {
        "Content-Type": kind,
        "Content-Disposition": f"{shown}; filename=\"{plain}\"; filename*=UTF-8''{quote(base)}",
        "Content-Security-Policy": policy,
        "X-Content-Type-Options": "nosniff",
        "X-Frame-Options": "SAMEORIGIN",
        "Referrer-Policy": "same-origin",
        "Cross-Origin-Opener-Policy": "same-origin",
        "Cache-Control": "private, no-store",
        "Last-Modified": format_datetime(at, usegmt=True),
    }
