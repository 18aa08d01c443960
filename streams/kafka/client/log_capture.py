"""Reasons that aiokafka logs but does not raise: why a broker could not be reached, or refused."""

import logging
from typing import Final

_REFUSALS: Final = (
    "AuthenticationFailed",
    "SaslAuthentication",
    "UnsupportedSaslMechanism",
    "SSLError",
    "certificate",
)


class LogCapture(logging.Handler):
    """Capture the warnings of aiokafka within a block, and keep them from stderr."""

    def __init__(self) -> None:
        super().__init__(logging.WARNING)
        self.latest = ""
        """The latest message."""
        self.refusal = ""
        """The latest message about a broker that refused the login or is not trusted."""
        self._logger = logging.getLogger("aiokafka")
        self._propagated = self._logger.propagate

    def __enter__(self) -> "LogCapture":
        self._propagated, self._logger.propagate = self._logger.propagate, False
        self._logger.addHandler(self)
        return self

    def __exit__(self, *_: object) -> None:
        self._logger.removeHandler(self)
        self._logger.propagate = self._propagated

    def emit(self, record: logging.LogRecord) -> None:
        self.latest = record.getMessage()
        if any(word in self.latest for word in _REFUSALS):
            self.refusal = self.latest
