"""Secrets that do not print, and the error that tells of faulty settings."""

from collections.abc import Iterable
from typing import NoReturn

from streams.records.faults import Fault
from streams.runtime.errors import OperatorError


class Secret:
    """A text that neither prints nor leaves the process by accident; `reveal` gives it."""

    __slots__ = ("_text",)

    def __init__(self, text: str) -> None:
        self._text = text

    def reveal(self) -> str:
        """The text. Only for the place that hands it on."""
        return self._text

    def __repr__(self) -> str:
        return "Secret(hidden)"

    def __copy__(self) -> "Secret":
        return self

    def __deepcopy__(self, memo: object) -> "Secret":
        return self

    def __reduce_ex__(self, protocol: object) -> NoReturn:
        """Raises TypeError: a pickle would hold the text for all to read."""
        raise TypeError("a secret is not pickled")


class MaskedStr(str):
    """A text for a library that wants one, hidden where its arguments are printed.

    KafkaAdminClient of kafka-python logs all its arguments at the level DEBUG.
    """

    __slots__ = ()

    def __repr__(self) -> str:
        return "'(hidden)'"


class ConnectionSettingsError(OperatorError, ValueError):
    """The settings of the connection, or what they name, have faults. `faults` holds all of them."""

    def __init__(self, faults: Iterable[Fault]) -> None:
        self.faults = tuple(faults)
        super().__init__("\n".join(map(str, self.faults)))
