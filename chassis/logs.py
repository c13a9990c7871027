"""Logs: one JSON object a line, ids and codes only.

Invariant: no personal data. Messages are constant strings, values are ids, codes and counts;
exceptions are named by their type, because their texts may quote what somebody typed.
"""

from __future__ import annotations

import logging
import sys

import structlog
from structlog.typing import EventDict, WrappedLogger

from chassis import tracing


def _add_trace(_: WrappedLogger, __: str, entry: EventDict) -> EventDict:
    trace = tracing.current()
    entry.setdefault("correlation_id", trace.correlation_id)
    return entry


def _exception_type_only(_: WrappedLogger, __: str, entry: EventDict) -> EventDict:
    if entry.pop("exc_info", None):
        failure = sys.exc_info()[0]
        entry["error"] = failure.__name__ if failure else "unknown"
    return entry


def configure(service: str, level: str) -> None:
    """Set up structlog, and send the libraries' own warnings the same way."""
    structlog.configure(
        processors=[
            structlog.contextvars.merge_contextvars,
            structlog.processors.add_log_level,
            structlog.processors.TimeStamper(fmt="iso", utc=True),
            _add_trace,
            _exception_type_only,
            structlog.processors.JSONRenderer(ensure_ascii=False),
        ],
        wrapper_class=structlog.make_filtering_bound_logger(logging.getLevelName(level)),
        logger_factory=lambda *_: structlog.WriteLogger(sys.stderr),
    )
    structlog.contextvars.bind_contextvars(service=service)
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(_TypeOnly(service))
    logging.basicConfig(handlers=[handler], level=logging.WARNING, force=True)


class _TypeOnly(logging.Formatter):
    """Library log lines without the exception's text."""

    def __init__(self, service: str) -> None:
        super().__init__()
        self._service = service

    def format(self, record: logging.LogRecord) -> str:
        """The first line, without what the exception says; asyncio quotes it in the others."""
        failure = record.exc_info[1] if record.exc_info else None
        message = next(iter(record.getMessage().splitlines()), "")
        if failure is not None and str(failure):
            message = message.replace(str(failure), "…")
        name = type(failure).__name__ if failure is not None else ""
        return f"{self._service} {record.levelname} {record.name} {message} {name}"
