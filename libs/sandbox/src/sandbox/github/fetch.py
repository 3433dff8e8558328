"""What `git fetch` asks over HTTP, so that a real controller reads its code here (`insteadOf`)."""

import gzip
from io import BytesIO

from dulwich.errors import GitProtocolError
from dulwich.protocol import ReceivableProtocol
from dulwich.server import BackendRepo, DictBackend, UploadPackHandler
from fastapi import APIRouter, Request, Response

from sandbox.faults import Faults
from sandbox.github import git
from sandbox.store import Store

_SERVICE = "git-upload-pack"
_KEEP = {"Cache-Control": "no-cache"}


def router(store: Store, faults: Faults) -> APIRouter:
    routes = APIRouter(prefix="/github/git", include_in_schema=False)

    def speak(owner: str, name: str, said: bytes, *, advertise: bool) -> bytes | None:
        repo = git.repository(store, owner, name.removesuffix(".git"))
        if repo is None:
            return None
        out = BytesIO()
        protocol = ReceivableProtocol(BytesIO(said).read, out.write)
        if advertise:
            protocol.write_pkt_line(f"# service={_SERVICE}\n".encode())
            protocol.write_pkt_line(None)
        served: dict[str, BackendRepo] = {"/": repo}  # type: ignore[dict-item]
        UploadPackHandler(
            DictBackend(served), ["/"], protocol, stateless_rpc=True, advertise_refs=advertise
        ).handle()
        return out.getvalue()

    @routes.get("/{owner}/{name}/info/refs")
    async def refs(owner: str, name: str, service: str = "") -> Response:
        if fault := await faults.strike("git"):
            return fault
        if service != _SERVICE:
            return Response("Only reading is possible here.", 403)
        said = speak(owner, name, b"", advertise=True)
        if said is None:
            return Response("There is no such repository.", 404)
        return Response(said, media_type=f"application/x-{_SERVICE}-advertisement", headers=_KEEP)

    @routes.post("/{owner}/{name}/git-upload-pack")
    async def pack(owner: str, name: str, request: Request) -> Response:
        if fault := await faults.strike("git"):
            return fault
        body = await request.body()
        if request.headers.get("content-encoding") == "gzip":
            body = gzip.decompress(body)
        try:
            said = speak(owner, name, body, advertise=False)
        except GitProtocolError as exc:
            return Response(str(exc), 400)
        if said is None:
            return Response("There is no such repository.", 404)
        return Response(said, media_type=f"application/x-{_SERVICE}-result", headers=_KEEP)

    return routes
