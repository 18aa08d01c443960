"""Lines of the keys in a TOML file: `tomllib` returns values without lines, this module lines without values.

The scanner follows the grammar of TOML 1.0 as far as necessary to find where keys begin: strings of all four
kinds, comments, and arrays and inline tables over several lines. Validation is left to `tomllib`.
"""

import re
import tomllib
from bisect import bisect_left
from collections.abc import Mapping, Sequence
from typing import Final

KeyPath = tuple[str, ...]

_KEY: Final = re.compile(r'"(?:\\[^\n]|[^"\\\n])*"|\'[^\'\n]*\'|[A-Za-z0-9_-]+')
# A multi-line string may end in up to two quotes of its own, so five in a row still end it.
_STRING: Final = re.compile(
    r'"""(?:\\.|[^\\])*?"{3,5}|\'\'\'.*?\'{3,5}|"(?:\\[^\n]|[^"\\\n])*"|\'[^\'\n]*\'', re.DOTALL
)
# A date and its time may be separated by a space.
_BARE_VALUE: Final = re.compile(r"\d{4}-\d\d-\d\d \d\d:[^\s,\]}#]*|[^\s,\]}#]+")
_SPACE: Final = re.compile(r"[ \t]*")
_BLANK: Final = re.compile(r"(?:\s+|#[^\n]*)*")


def find_lines(text: str) -> dict[KeyPath, int]:
    """Return the line, from 1, at which each table, key and array entry of a TOML text begins.

    An entry of an array is named by its index: `("lists", "sis", "audience", "1")`, also for `[[x]]`. A table
    that is only implied by headers or dotted keys of its parts has the line of the first of them. Invalid
    TOML raises no exception: the lines are then a best guess.
    """
    scanner = _Scanner(text)
    scanner.scan()
    return scanner.lines


def nearest_line(lines: Mapping[KeyPath, int], path: Sequence[str | int]) -> int:
    """Return the line of a path, or of its nearest ancestor that has one, or 1.

    `lines` comes from `find_lines`; array indices in `path` may be integers.
    """
    names = tuple(map(str, path))
    for length in range(len(names), 0, -1):
        if names[:length] in lines:
            return lines[names[:length]]
    return 1


class _Scanner:
    """A scan of a TOML text: the current position, and the lines recorded so far."""

    def __init__(self, text: str) -> None:
        self.lines: dict[KeyPath, int] = {}
        self._text = text
        self._position = 0
        self._newlines = [match.start() for match in re.finditer("\n", text)]
        # Tables and keys with a header or a key of their own; the others are implied.
        self._explicit: set[KeyPath] = set()
        # Lengths of arrays of tables, by path.
        self._array_lengths: dict[KeyPath, int] = {}

    def scan(self) -> None:
        """Scan the whole text."""
        table: KeyPath = ()
        while self._skip(_BLANK) < len(self._text):
            if self._text[self._position] == "[":
                table = self._scan_header(table)
            else:
                self._scan_entry(table)
            end = self._text.find("\n", self._position)
            self._position = len(self._text) if end < 0 else end

    def _scan_header(self, table: KeyPath) -> KeyPath:
        """Scan `[a.b]` or `[[a.b]]`; return the path of the table it opens, or `table` if it is no header."""
        start = self._position
        array = self._text.startswith("[[", start)
        self._position += 2 if array else 1
        self._skip(_SPACE)
        keys = self._scan_keys()
        if not keys:
            return table
        path: KeyPath = ()
        for key in keys[:-1]:
            path = self._last_entry((*path, key))
            self._record_line(path, start, explicit=False)
        path = (*path, keys[-1])
        self._record_line(path, start, explicit=True)
        if array:
            self._array_lengths[path] = self._array_lengths.get(path, 0) + 1
            path = self._last_entry(path)
            self._record_line(path, start, explicit=True)
        return path

    def _scan_entry(self, table: KeyPath) -> None:
        """Scan `a.b = value`."""
        start = self._position
        keys = self._scan_keys()
        path = table
        for count, key in enumerate(keys, 1):
            path = (*path, key)
            self._record_line(path, start, explicit=count == len(keys))
        if keys and self._accept("="):
            self._skip(_SPACE)
            self._scan_value(path)

    def _scan_value(self, path: KeyPath) -> None:
        """Scan a value, with the entries of an array or the keys of an inline table."""
        opening = self._text[self._position : self._position + 1]
        if opening not in ("[", "{") or not opening:
            match = (_STRING if opening in ('"', "'") else _BARE_VALUE).match(self._text, self._position)
            if match:
                self._position = match.end()
            return
        self._position += 1
        index = 0
        while self._skip(_BLANK) < len(self._text):
            start = self._position
            if self._accept("]" if opening == "[" else "}"):
                return
            if self._accept(","):
                continue
            if opening == "[":
                item = (*path, str(index))
                self._record_line(item, start, explicit=True)
                self._scan_value(item)
                index += 1
            else:
                self._scan_entry(path)
            if self._position == start:  # invalid TOML: skip a character, so that the scan ends
                self._position += 1

    def _scan_keys(self) -> list[str]:
        """Scan a dotted key; return its parts."""
        keys: list[str] = []
        while match := _KEY.match(self._text, self._position):
            keys.append(_unquote(match.group()))
            self._position = match.end()
            self._skip(_SPACE)
            if not self._accept("."):
                break
            self._skip(_SPACE)
        return keys

    def _last_entry(self, path: KeyPath) -> KeyPath:
        """Return the path itself, or that of the last entry if it is an array of tables."""
        return (*path, str(self._array_lengths[path] - 1)) if path in self._array_lengths else path

    def _record_line(self, path: KeyPath, position: int, *, explicit: bool) -> None:
        if path not in self.lines or (explicit and path not in self._explicit):
            self.lines[path] = bisect_left(self._newlines, position) + 1
        if explicit:
            self._explicit.add(path)

    def _skip(self, blank: re.Pattern[str]) -> int:
        """Skip a pattern; return the new position."""
        match = blank.match(self._text, self._position)
        self._position = match.end() if match else self._position
        return self._position

    def _accept(self, char: str) -> bool:
        """Skip a character if it is the next one; return whether it was."""
        is_next = self._text.startswith(char, self._position)
        self._position += is_next
        return is_next


def _unquote(key: str) -> str:
    """Return a key without quotes and escapes."""
    if not key.startswith(('"', "'")):
        return key
    try:
        return str(tomllib.loads(f"key = {key}")["key"])
    except tomllib.TOMLDecodeError:
        return key[1:-1]
