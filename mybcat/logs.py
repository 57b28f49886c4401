"""JSON logs on standard output: static event names, identifiers, never patient data."""

import logging
import logging.config
import sys
import traceback
from typing import Any

import structlog

from mybcat.correlation import correlation_id, request_id


def _add_correlation(_logger: object, _name: str, event: dict[str, Any]) -> dict[str, Any]:
    event.setdefault("correlationId", correlation_id())
    if single := request_id():
        event.setdefault("requestId", single)
    return event


def _exception_without_values(_logger: object, _name: str, event: dict[str, Any]) -> dict[str, Any]:
    """Class and stack only: the message of a database error quotes the row, and so the patient."""
    info = event.pop("exc_info", None)
    if info is True:
        info = sys.exc_info()
    error = info[1] if isinstance(info, tuple) else info
    if isinstance(error, BaseException):
        event["exception"] = type(error).__name__
        event["stack"] = [
            f"{frame.filename}:{frame.lineno} {frame.name}" for frame in traceback.extract_tb(error.__traceback__)
        ]
    return event


def configure_logging(*, level: str) -> None:
    """Send structlog's and the standard library's records through one JSON formatter."""
    shared: list[Any] = [
        structlog.stdlib.add_log_level,
        structlog.stdlib.add_logger_name,
        structlog.processors.TimeStamper(fmt="iso", utc=True),
        _add_correlation,
        structlog.stdlib.ExtraAdder(),
    ]
    structlog.configure(
        processors=[*shared[:-1], structlog.stdlib.ProcessorFormatter.wrap_for_formatter],
        logger_factory=structlog.stdlib.LoggerFactory(),
        wrapper_class=structlog.stdlib.BoundLogger,
        cache_logger_on_first_use=True,
    )
    logging.config.dictConfig(
        {
            "version": 1,
            "disable_existing_loggers": False,
            "formatters": {
                "json": {
                    "()": structlog.stdlib.ProcessorFormatter,
                    "foreign_pre_chain": shared,
                    "processors": [
                        structlog.stdlib.ProcessorFormatter.remove_processors_meta,
                        _exception_without_values,
                        structlog.processors.JSONRenderer(),
                    ],
                }
            },
            "handlers": {
                "stdout": {"class": "logging.StreamHandler", "formatter": "json", "stream": "ext://sys.stdout"}
            },
            "root": {"handlers": ["stdout"], "level": level},
            # A line per refused request would repeat what the gateway logs, with the path in it.
            "loggers": {
                "django.request": {"level": "CRITICAL"},
                "django.server": {"level": "WARNING"},
                # A line per call would hold the vendor's address, and that may hold a patient's.
                "httpx": {"level": "WARNING"},
            },
        }
    )
