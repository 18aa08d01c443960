"""Log lines on stderr, for operators."""

import logging
from typing import Final

from streams.cli.common.progress import say

PLAIN: Final = "%(message)s"
WITH_TIME: Final = "%(asctime)s %(name)s: %(message)s"


class _OperatorLogHandler(logging.Handler):
    """Prints log records on stderr as it is at the time, not as it was when the handler was made."""

    def emit(self, record: logging.LogRecord) -> None:
        try:
            say(self.format(record))
        except Exception:
            self.handleError(record)


def log_to_operator(line_format: str = PLAIN) -> None:
    """Print what `streams` logs at level INFO and above; a later call changes the format."""
    logger = logging.getLogger("streams")
    logger.setLevel(logging.INFO)
    handler = next((each for each in logger.handlers if isinstance(each, _OperatorLogHandler)), None)
    if handler is None:
        handler = _OperatorLogHandler()
        logger.addHandler(handler)
    handler.setFormatter(logging.Formatter(line_format))


def log_libraries_to_operator() -> None:
    """Print the warnings of libraries, with their time; only if nothing else handles them."""
    handler = _OperatorLogHandler()
    handler.addFilter(_is_of_library)
    logging.basicConfig(level=logging.WARNING, format=WITH_TIME, handlers=[handler])


def _is_of_library(record: logging.LogRecord) -> bool:
    return record.name.partition(".")[0] != "streams"
