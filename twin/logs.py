"""Logging: structlog, to the console or as JSON lines, with the standard library's loggers led into it."""

import logging
import sys
from typing import Literal

import structlog

Format = Literal["console", "json"]

QUIET_LOGGERS = (
    "alembic",
    "amqtt",
    "transitions",
    "asyncio",
    "mqtt",
    "uvicorn",
    "uvicorn.error",
    "websockets",
)

SILENT_LOGGERS = ("pymodbus", "asyncua", "bacpypes3")
"""What they say at length their adapters say in a line."""


def configure_logs(form: Format, level: str) -> None:
    """Send every log line of this process to stderr in one form; safe to call again."""
    shared: list[structlog.typing.Processor] = [
        structlog.contextvars.merge_contextvars,
        structlog.stdlib.add_log_level,
        structlog.stdlib.add_logger_name,
        structlog.processors.TimeStamper(fmt="iso", utc=True),
    ]
    structlog.configure(
        processors=[*shared, structlog.stdlib.ProcessorFormatter.wrap_for_formatter],
        logger_factory=structlog.stdlib.LoggerFactory(),
        wrapper_class=structlog.stdlib.BoundLogger,
        cache_logger_on_first_use=False,
    )
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(
        structlog.stdlib.ProcessorFormatter(foreign_pre_chain=shared, processors=_last_steps(form))
    )
    root = logging.getLogger()
    root.handlers = [handler]
    root.setLevel(level.upper())
    for name in QUIET_LOGGERS:
        logging.getLogger(name).setLevel(logging.WARNING)
    for name in SILENT_LOGGERS:
        logging.getLogger(name).setLevel(logging.CRITICAL)
    for name in ("uvicorn", "uvicorn.error", "uvicorn.access"):
        logging.getLogger(name).handlers = []
        logging.getLogger(name).propagate = True


def _last_steps(form: Format) -> list[structlog.typing.Processor]:
    remove_meta = structlog.stdlib.ProcessorFormatter.remove_processors_meta
    if form == "json":
        return [remove_meta, structlog.processors.dict_tracebacks, structlog.processors.JSONRenderer()]
    return [
        remove_meta,
        structlog.dev.ConsoleRenderer(
            colors=sys.stderr.isatty(), exception_formatter=structlog.dev.plain_traceback
        ),
    ]
