"""Parsing that never holds the event loop: large files go to a process of their own (Y6)."""

import asyncio
import sys

import msgspec

from jobs.pipeline.model import Pipeline, PipelineError
from jobs.pipeline.parse import parse

_INLINE = 50_000  # characters; about 15 ms
_TIMEOUT = 20.0


async def parse_bounded(text: str) -> Pipeline:
    """Raises PipelineError, also for a file that takes too long."""
    if len(text) <= _INLINE:
        return parse(text)
    child = await asyncio.create_subprocess_exec(
        sys.executable,
        "-m",
        "jobs.pipeline.bounded",
        stdin=asyncio.subprocess.PIPE,
        stdout=asyncio.subprocess.PIPE,
    )
    try:
        async with asyncio.timeout(_TIMEOUT):
            out, _ = await child.communicate(text.encode())
    except TimeoutError as exc:
        child.kill()
        raise PipelineError("too_large", "project.yaml takes too long to read.") from exc
    if child.returncode == 0:
        return msgspec.json.decode(out, type=Pipeline)
    if child.returncode == 3:
        raise PipelineError(*msgspec.json.decode(out, type=tuple[str, str, int | None]))
    raise PipelineError("too_large", "project.yaml needs too much memory to be read.")


def main() -> None:
    import resource

    resource.setrlimit(resource.RLIMIT_AS, (2 * 1024**3, 2 * 1024**3))
    try:
        result, code = msgspec.json.encode(parse(sys.stdin.buffer.read().decode())), 0
    except PipelineError as exc:
        result, code = msgspec.json.encode((exc.kind, exc.message, exc.line)), 3
    sys.stdout.buffer.write(result)
    sys.stdout.flush()
    sys.exit(code)


if __name__ == "__main__":
    main()
