"""Static files from memory: hashed names, compressed once at start, cached for ever."""

import gzip
import hashlib
import mimetypes
from importlib.resources import files

import brotli
from starlette.types import Scope, Send

PREFIX = "/static/"
_FOREVER = b"public, max-age=31536000, immutable"


class Assets:
    """`url("app.css")` is the address to link; only those addresses answer."""

    def __init__(self) -> None:
        self._files: dict[str, tuple[bytes, dict[bytes, bytes]]] = {}
        self._urls: dict[str, str] = {}
        for file in sorted(files("gateway").joinpath("static").iterdir(), key=lambda item: item.name):
            if file.is_file():
                self._add(file.name, file.read_bytes())

    def _add(self, name: str, raw: bytes) -> None:
        digest = hashlib.sha256(raw).hexdigest()[:12]
        stem, _, extension = name.partition(".")
        hashed = f"{stem}.{digest}.{extension}"
        kind = mimetypes.guess_type(name)[0] or "application/octet-stream"
        bodies = {b"": raw, b"br": brotli.compress(raw, quality=11), b"gzip": gzip.compress(raw, 9)}
        self._files[hashed] = (kind.encode(), bodies)
        self._urls[name] = PREFIX + hashed

    def url(self, name: str) -> str:
        return self._urls[name]

    async def serve(self, scope: Scope, send: Send) -> None:
        found = self._files.get(scope["path"].removeprefix(PREFIX))
        if found is None:
            headers = [(b"content-type", b"text/plain"), (b"content-length", b"9")]
            await send({"type": "http.response.start", "status": 404, "headers": headers})
            await send({"type": "http.response.body", "body": b"Not found"})
            return
        kind, bodies = found
        accepted = next((value for name, value in scope["headers"] if name == b"accept-encoding"), b"")
        encoding = b"br" if b"br" in accepted else b"gzip" if b"gzip" in accepted else b""
        body = bodies[encoding]
        headers = [
            (b"content-type", kind),
            (b"content-length", str(len(body)).encode()),
            (b"cache-control", _FOREVER),
            (b"vary", b"accept-encoding"),
            (b"x-content-type-options", b"nosniff"),
        ]
        if encoding:
            headers.append((b"content-encoding", encoding))
        await send({"type": "http.response.start", "status": 200, "headers": headers})
        await send({"type": "http.response.body", "body": b"" if scope["method"] == "HEAD" else body})
