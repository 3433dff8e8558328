"""JSON lines on stderr, each with the ids of its request."""

import logging
import sys
from typing import Any

import orjson
import structlog

from kit import telemetry


def _ids(_: Any, __: str, event: structlog.typing.EventDict) -> structlog.typing.EventDict:
    if value := telemetry.request_id.get():
        event["request_id"] = value
    if (value := telemetry.traceparent.get()).count("-") >= 3:
        event["trace_id"] = value.split("-")[1]
    return event


def configure(process: str, level: str = "INFO") -> None:
    """Call once per process, before anything logs."""
    number = logging.getLevelNamesMapping()[level.upper()]
    # The process's own stream: loggers are kept, and whoever stands in for sys.stderr may go again.
    stream = sys.__stderr__ or sys.stderr
    structlog.configure(
        processors=[
            structlog.contextvars.merge_contextvars,
            _ids,
            structlog.processors.add_log_level,
            structlog.processors.format_exc_info,
            structlog.processors.TimeStamper(fmt="iso", utc=True),
            structlog.processors.JSONRenderer(serializer=orjson.dumps),
        ],
        wrapper_class=structlog.make_filtering_bound_logger(number),
        logger_factory=structlog.BytesLoggerFactory(stream.buffer),
        cache_logger_on_first_use=True,
    )
    structlog.contextvars.bind_contextvars(process=process)
    logging.basicConfig(level=logging.WARNING, handlers=[_Bridge()], force=True)


class _Bridge(logging.Handler):
    """Libraries' own log records, in our format."""

    def emit(self, record: logging.LogRecord) -> None:
        log = structlog.get_logger()
        log.log(record.levelno, record.getMessage(), logger=record.name, exc_info=record.exc_info)


def get() -> structlog.typing.FilteringBoundLogger:
    logger: structlog.typing.FilteringBoundLogger = structlog.get_logger()
    return logger
