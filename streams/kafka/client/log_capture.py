"""What aiokafka only logs: why a broker could not be reached or refused, which its errors do not say."""

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
    """Hears what aiokafka logs while it is entered, and keeps it from stderr."""

    def __init__(self) -> None:
        super().__init__(logging.WARNING)
        self.latest = ""
        """The latest of all that it said."""
        self.refusal = ""
        """The latest that says that a broker refused the login, or is not trusted."""
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
