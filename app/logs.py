"""The log: one line for each thing that happened, readable or JSON, on standard error.

The logs of libraries, uvicorn's among them, go the same way.
"""

import logging
import sys
from typing import Any

import structlog
from structlog.stdlib import BoundLogger, ProcessorFormatter

OURS = "model_districts"
ABOUT: list[Any] = [  # what each line has, whoever writes it
    structlog.stdlib.add_log_level,
    structlog.stdlib.add_logger_name,
    structlog.processors.TimeStamper(fmt="iso", utc=True),
]


def configure(format_: str) -> None:
    """Send every log of this process to standard error, as `json` or for a `console`."""
    rendering: list[Any] = [
        structlog.processors.dict_tracebacks,
        structlog.processors.JSONRenderer(),
    ]
    if format_ == "console":
        plain = structlog.dev.plain_traceback
        colors = sys.stderr.isatty()
        rendering = [structlog.dev.ConsoleRenderer(colors=colors, exception_formatter=plain)]
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(
        ProcessorFormatter(
            foreign_pre_chain=[*ABOUT, structlog.stdlib.ExtraAdder()],
            processors=[ProcessorFormatter.remove_processors_meta, *rendering],
        )
    )
    root = logging.getLogger()
    root.handlers = [handler]
    root.setLevel(logging.WARNING)
    logging.getLogger(OURS).setLevel(logging.INFO)


def logger(name: str) -> BoundLogger:
    """A logger whose lines have fields. Without `configure` its informative lines go nowhere."""
    processors = [structlog.stdlib.filter_by_level, *ABOUT, ProcessorFormatter.wrap_for_formatter]
    wrapped: BoundLogger = structlog.wrap_logger(
        logging.getLogger(f"{OURS}.{name}"), processors=processors, wrapper_class=BoundLogger
    )
    return wrapped
