"""How a process runs: the same for a fork of the supervisor and for a container."""

import asyncio
import gc
import importlib
import os
import resource
import signal
import socket
import sys
from collections.abc import Awaitable, Callable, Mapping

import uvicorn
from fastapi import FastAPI

from kit import health
from kit.logging import configure, get
from kit.protocol import BoundedProtocol

_DRAIN = 6  # seconds for requests in flight; everything must be gone within 10
_OWN = 0o077  # what a process writes is for its own user only


def load(target: str) -> Callable[..., object]:
    """`package.module:name` as the thing it names."""
    module, _, name = target.partition(":")
    found: Callable[..., object] = getattr(importlib.import_module(module), name)
    return found


def listen(port: int, host: str = "127.0.0.1") -> socket.socket:
    # Named TCP, or asyncio leaves Nagle on and small answers wait for 40 ms.
    bound = socket.socket(socket.AF_INET, socket.SOCK_STREAM, socket.IPPROTO_TCP)
    bound.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    bound.bind((host, port))
    bound.listen(1024)
    bound.set_inheritable(True)
    return bound


def _config(app: object) -> uvicorn.Config:
    return uvicorn.Config(
        app,  # type: ignore[arg-type]  # any ASGI callable
        http=BoundedProtocol,
        log_config=None,
        access_log=False,
        server_header=False,
        proxy_headers=False,  # the site's address is a setting; nobody's header changes it
        lifespan="on",
        timeout_graceful_shutdown=_DRAIN,
        timeout_keep_alive=30,
    )


def run_app(target: str, *, sock: socket.socket) -> None:
    """Serve the ASGI app that the factory `target` makes, until SIGTERM."""
    configure(target.split(".")[0], os.environ.get("LOG_LEVEL", "INFO"))
    os.umask(_OWN)
    most = resource.getrlimit(resource.RLIMIT_NOFILE)[1]
    resource.setrlimit(resource.RLIMIT_NOFILE, (most, most))  # each open page is a connection
    server = uvicorn.Server(_config(load(target)()))
    gc.freeze()
    server.run(sockets=[sock])


def run_worker(target: str, *, sock: socket.socket) -> None:
    """Run the coroutine `target(stop)` until SIGTERM, serving its health on `sock`."""
    configure(target.split(".")[0] + "-worker", os.environ.get("LOG_LEVEL", "INFO"))
    os.umask(_OWN)
    main: Callable[[asyncio.Event], Awaitable[None]] = load(target)  # type: ignore[assignment]
    gc.freeze()
    uvloop = importlib.import_module("uvloop")
    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        runner.run(_work(main, sock))


# What a worker's own code registers as its readiness checks.
worker_checks: dict[str, health.Check] = {}


async def _work(main: Callable[[asyncio.Event], Awaitable[None]], sock: socket.socket) -> None:
    stop = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, stop.set)
    server = _Quiet(_config(_health_app(worker_checks)))
    serving = asyncio.create_task(server.serve(sockets=[sock]))
    try:
        await main(stop)
        if not stop.is_set():
            get().error("the worker ended by itself")
            sys.exit(1)
    finally:
        server.should_exit = True
        await serving


class _Quiet(uvicorn.Server):
    """A worker handles its own signals."""

    def install_signal_handlers(self) -> None:
        return

    def capture_signals(self):  # type: ignore[no-untyped-def]  # uvicorn's context manager
        from contextlib import nullcontext

        return nullcontext()


def _health_app(checks: Mapping[str, health.Check]) -> FastAPI:
    app = FastAPI(docs_url=None, redoc_url=None, openapi_url=None)
    app.include_router(health.router(checks))
    return app


def main() -> None:
    """`python -m kit.process app|worker <target>`: what an image starts; listens on $PORT everywhere."""
    kind, target = sys.argv[1:]
    sock = listen(int(os.environ["PORT"]), "0.0.0.0")  # noqa: S104  # a container's only network
    (run_app if kind == "app" else run_worker)(target, sock=sock)


if __name__ == "__main__":
    # Of the module that workers import: run under another name it is a second one, with checks of its own.
    importlib.import_module("kit.process").main()
