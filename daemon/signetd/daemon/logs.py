"""What the daemon writes to standard error: one event per line, as JSON or for a terminal."""

import logging
import sys
import traceback
from collections.abc import Sequence
from typing import Any

import structlog
from structlog.typing import EventDict, Processor

from signetd.daemon.config import Log
from signetd.daemon.log_output import LossyOutput


def configure(settings: Log) -> None:
    """Send the events of structlog and of the standard library's loggers to standard error."""
    shared: list[Processor] = [
        structlog.contextvars.merge_contextvars,
        structlog.processors.add_log_level,
        structlog.processors.TimeStamper(fmt="iso", utc=True),
    ]
    level = logging.getLevelNamesMapping()[settings.level.upper()]
    output = LossyOutput(sys.stderr)
    structlog.configure(
        processors=[*shared, *_renderer(settings.format)],
        wrapper_class=structlog.make_filtering_bound_logger(level),
        logger_factory=structlog.WriteLoggerFactory(output),  # type: ignore[arg-type]  # it writes lines
        cache_logger_on_first_use=False,
    )
    _take_over_logging(output, shared, settings, level)


def _renderer(form: str) -> list[Processor]:
    if form == "json":
        return [structlog.processors.JSONRenderer(ensure_ascii=False)]
    colours = sys.stderr.isatty()
    return [structlog.dev.ConsoleRenderer(colors=colours)]


def _take_over_logging(
    output: LossyOutput, shared: Sequence[Processor], settings: Log, level: int
) -> None:
    handler = logging.StreamHandler(output)
    handler.setFormatter(
        structlog.stdlib.ProcessorFormatter(
            foreign_pre_chain=[structlog.stdlib.add_logger_name, *shared],
            processors=[
                structlog.stdlib.ProcessorFormatter.remove_processors_meta,
                _without_message_of_exception,
                *_renderer(settings.format),
            ],
        )
    )
    logging.getLogger("grpc._cython.cygrpc").addFilter(_is_news)
    # Libraries say much at INFO that is of no use to an administrator; our own do not.
    logging.basicConfig(level=max(level, logging.WARNING), handlers=[handler], force=True)
    logging.getLogger("signetd").setLevel(level)


def _is_news(record: logging.LogRecord) -> bool:
    # A client that goes away before it has taken its reply is no error of ours, nor a rare event.
    return not str(record.msg).startswith("ExecuteBatchError raised in core")


def _without_message_of_exception(logger: Any, method: str, event: EventDict) -> EventDict:
    info = event.pop("exc_info", None)
    if isinstance(info, tuple) and isinstance(info[1], BaseException):
        event.update(described(info[1]))
    return event


def described(error: BaseException) -> dict[str, Any]:
    """Describe an unforeseen error: its type, and where it came from.

    Its message is left out, because it may quote what a caller sent: a PIN, or a document.
    """
    frames = traceback.extract_tb(error.__traceback__)
    # Not under the name "stack", which the console renderer takes for a text of its own.
    return {
        "error": type(error).__qualname__,
        "frames": [f"{frame.filename}:{frame.lineno} {frame.name}" for frame in frames],
    }
