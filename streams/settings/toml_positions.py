"""Where a key stands in a TOML file: `tomllib` gives values without lines, this gives lines without values.

The scanner follows the grammar of TOML 1.0 as far as it must to know where a key begins: strings of all four
kinds, comments, arrays and inline tables over several lines. `tomllib` says whether the text is right.
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
# A date may be parted from its time by a space.
_BARE_VALUE: Final = re.compile(r"\d{4}-\d\d-\d\d \d\d:[^\s,\]}#]*|[^\s,\]}#]+")
_SPACE: Final = re.compile(r"[ \t]*")
_BLANK: Final = re.compile(r"(?:\s+|#[^\n]*)*")


def find_lines(text: str) -> dict[KeyPath, int]:
    """The line, from 1, at which each table, key and array entry of a TOML text begins.

    An entry of an array is named by its index: `("lists", "sis", "audience", "1")`, also for `[[x]]`. A table
    that only the headers or dotted keys of its parts imply has the line of the first of them. Text that is
    not TOML raises nothing: the lines found are then a best guess.
    """
    scanner = _Scanner(text)
    scanner.scan()
    return scanner.lines


def nearest_line(lines: Mapping[KeyPath, int], path: Sequence[str | int]) -> int:
    """The line of a path, or of the nearest of its ancestors that has one, or 1.

    `lines` comes from `lines_of`; indexes of arrays in `path` may be integers.
    """
    names = tuple(map(str, path))
    for length in range(len(names), 0, -1):
        if names[:length] in lines:
            return lines[names[:length]]
    return 1


class _Scanner:
    """A position in a text, and the lines found so far."""

    def __init__(self, text: str) -> None:
        self.lines: dict[KeyPath, int] = {}
        self._text = text
        self._position = 0
        self._newlines = [match.start() for match in re.finditer("\n", text)]
        self._explicit: set[KeyPath] = set()  # those with a header or key of their own; the rest are implied
        self._array_lengths: dict[KeyPath, int] = {}  # of the arrays of tables, by the path of the array

    def scan(self) -> None:
        """Reads the whole text."""
        table: KeyPath = ()
        while self._skip(_BLANK) < len(self._text):
            if self._text[self._position] == "[":
                table = self._scan_header(table)
            else:
                self._scan_entry(table)
            end = self._text.find("\n", self._position)
            self._position = len(self._text) if end < 0 else end

    def _scan_header(self, table: KeyPath) -> KeyPath:
        """Reads `[a.b]` or `[[a.b]]`; the path of the table it opens, or `table` if it is no header."""
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
        """Reads `a.b = value`."""
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
        """Reads one value, and in it the entries of an array or the keys of an inline table."""
        opening = self._text[self._position : self._position + 1]
        if opening not in ("[", "{") or not opening:
            found = (_STRING if opening in ('"', "'") else _BARE_VALUE).match(self._text, self._position)
            if found:
                self._position = found.end()
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
            if self._position == start:  # no TOML: go on behind it rather than stand still
                self._position += 1

    def _scan_keys(self) -> list[str]:
        """Reads a dotted key, in parts."""
        keys: list[str] = []
        while found := _KEY.match(self._text, self._position):
            keys.append(_unquote(found.group()))
            self._position = found.end()
            self._skip(_SPACE)
            if not self._accept("."):
                break
            self._skip(_SPACE)
        return keys

    def _last_entry(self, path: KeyPath) -> KeyPath:
        """The path itself, or of its last entry if it is an array of tables."""
        return (*path, str(self._array_lengths[path] - 1)) if path in self._array_lengths else path

    def _record_line(self, path: KeyPath, position: int, *, explicit: bool) -> None:
        if path not in self.lines or (explicit and path not in self._explicit):
            self.lines[path] = bisect_left(self._newlines, position) + 1
        if explicit:
            self._explicit.add(path)

    def _skip(self, blank: re.Pattern[str]) -> int:
        found = blank.match(self._text, self._position)
        self._position = found.end() if found else self._position
        return self._position

    def _accept(self, mark: str) -> bool:
        found = self._text.startswith(mark, self._position)
        self._position += found
        return found


def _unquote(key: str) -> str:
    """A key without its quotes and escapes."""
    if not key.startswith(('"', "'")):
        return key
    try:
        return str(tomllib.loads(f"key = {key}")["key"])
    except tomllib.TOMLDecodeError:
        return key[1:-1]
