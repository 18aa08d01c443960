"""Secrets: texts that do not print, and reading them from the environment and from files."""

import json
from collections.abc import Mapping
from pathlib import Path
from typing import NamedTuple, NoReturn

from streams.records.faults import Fault


class Secret:
    """A text that neither prints nor leaves the process by accident; `reveal` returns it."""

    __slots__ = ("_text",)

    def __init__(self, text: str) -> None:
        self._text = text

    def reveal(self) -> str:
        """Return the text. Only for the code that passes it to a library or a peer."""
        return self._text

    def __repr__(self) -> str:
        return "Secret(hidden)"

    def __copy__(self) -> "Secret":
        return self

    def __deepcopy__(self, memo: object) -> "Secret":
        return self

    def __reduce_ex__(self, protocol: object) -> NoReturn:
        """Raise TypeError: a pickle would hold the text in the clear."""
        raise TypeError("a secret is not pickled")


class MaskedStr(str):
    """A text for a library that expects a str, hidden where the library prints its arguments.

    KafkaAdminClient of kafka-python logs all its arguments at level DEBUG.
    """

    __slots__ = ()

    def __repr__(self) -> str:
        return "'(hidden)'"


class SecretSource(NamedTuple):
    """Where a secret may be: an environment variable, or the file that a settings key names."""

    variable: str
    """The environment variable. It takes precedence over the file, which is not read then."""
    key: str
    """The settings key that names the file, as faults report it."""
    path: str | None
    """The value of that key, relative to the current folder; None if it is not set."""


class SecretReader:
    """Read secrets, and collect what is wrong with them in `faults`. No fault shows a secret.

    An empty variable counts as not set. A secret is one line of text without control characters, at most
    `max_bytes` long in UTF-8; a line ending at its end is not part of it.
    """

    def __init__(self, environ: Mapping[str, str], max_bytes: int) -> None:
        self.faults: list[Fault] = []
        self._environ = environ
        self._max_bytes = max_bytes

    def read(self, source: SecretSource, required_by: str = "") -> Secret | None:
        """Return the secret, or None if it is not set or has a fault.

        With `required_by`, the setting that requires the secret, a secret that is not set is a fault too.
        """
        text = self._environ.get(source.variable) or self._read_file(source)
        if text is None:
            if source.path is None and required_by:
                self.add_fault(
                    source.key, f"must be set, or {source.variable} in the environment, with {required_by}"
                )
            return None
        # Editors and `echo` end a file with a line ending.
        text = text.removesuffix("\n").removesuffix("\r")
        return Secret(text) if self._check_text(source, text) else None

    def is_in_environment(self, source: SecretSource) -> bool:
        """True if the variable is set, so that the file is not read."""
        return bool(self._environ.get(source.variable))

    def field(self, source: SecretSource) -> str:
        """Return what a fault of the secret names: the variable if it is set, else the settings key."""
        return source.variable if self.is_in_environment(source) else source.key

    def add_fault(self, field: str, rule: str, path: str | None = None) -> None:
        """Record a fault; the path of a file is shown whole, for its end is what tells files apart."""
        self.faults.append(Fault(field, rule, "" if path is None else json.dumps(path, ensure_ascii=False)))

    def _check_text(self, source: SecretSource, text: str) -> bool:
        # os.environ holds bytes that are not UTF-8 as surrogates.
        if len(text.encode("utf-8", "surrogatepass")) > self._max_bytes:
            rule = f"of at most {self._max_bytes} bytes"
        elif not text.strip():
            rule = "that is not blank"
        elif any(ord(char) < 32 or ord(char) == 127 for char in text):
            rule = "of one line without control characters"
        else:
            return True
        if self.is_in_environment(source):
            self.add_fault(source.variable, f"must hold a secret {rule}")
        else:
            self.add_fault(source.key, f"must name a file {rule}", source.path)
        return False

    def _read_file(self, source: SecretSource) -> str | None:
        if source.path is None:
            return None
        try:
            with Path(source.path).open("rb") as file:
                content = file.read(self._max_bytes + len("\r\n") + 1)
        except (OSError, ValueError) as error:  # ValueError: a NUL in the path
            why = getattr(error, "strerror", None) or str(error)
            self.add_fault(source.key, f"must name a file that can be read ({why})", source.path)
            return None
        if len(content) > self._max_bytes + len("\r\n"):
            self.add_fault(source.key, f"must name a file of at most {self._max_bytes} bytes", source.path)
            return None
        try:
            return content.decode()
        except UnicodeDecodeError:
            self.add_fault(source.key, "must name a file of UTF-8 text", source.path)
            return None
