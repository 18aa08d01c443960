"""Where a key stands in a TOML file: `tomllib` gives values without lines, this gives lines without values.

The scanner follows the grammar of TOML 1.0 as far as it must to know where a key begins: strings of all four
kinds, comments, arrays and inline tables over several lines. `tomllib` says whether the text is right.
"""

import re
import tomllib
from bisect import bisect_left
from collections.abc import Mapping, Sequence
from typing import Final

Path = tuple[str, ...]

_KEY: Final = re.compile(r'"(?:\\[^\n]|[^"\\\n])*"|\'[^\'\n]*\'|[A-Za-z0-9_-]+')
# A multi-line string may end in up to two quotes of its own, so five in a row still end it.
_STRING: Final = re.compile(
    r'"""(?:\\.|[^\\])*?"{3,5}|\'\'\'.*?\'{3,5}|"(?:\\[^\n]|[^"\\\n])*"|\'[^\'\n]*\'', re.DOTALL
)
# A date may be parted from its time by a space.
_PLAIN: Final = re.compile(r"\d{4}-\d\d-\d\d \d\d:[^\s,\]}#]*|[^\s,\]}#]+")
_SPACE: Final = re.compile(r"[ \t]*")
_BLANK: Final = re.compile(r"(?:\s+|#[^\n]*)*")


def lines_of(text: str) -> dict[Path, int]:
    """The line, from 1, at which each table, key and array entry of a TOML text begins.

    An entry of an array is named by its index: `("lists", "sis", "audience", "1")`, also for `[[x]]`. A table
    that only the headers or dotted keys of its parts imply has the line of the first of them. Text that is
    not TOML raises nothing: the lines found are then a best guess.
    """
    scanner = _Scanner(text)
    scanner.document()
    return scanner.lines


def line_of(lines: Mapping[Path, int], path: Sequence[str | int]) -> int:
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
        self.lines: dict[Path, int] = {}
        self._text = text
        self._at = 0
        self._newlines = [match.start() for match in re.finditer("\n", text)]
        self._written: set[Path] = set()  # those with a header or key of their own; the rest are implied
        self._lengths: dict[Path, int] = {}  # of the arrays of tables, by the path of the array

    def document(self) -> None:
        """Reads the whole text."""
        table: Path = ()
        while self._skip(_BLANK) < len(self._text):
            if self._text[self._at] == "[":
                table = self._header(table)
            else:
                self._entry(table)
            end = self._text.find("\n", self._at)
            self._at = len(self._text) if end < 0 else end

    def _header(self, table: Path) -> Path:
        """Reads `[a.b]` or `[[a.b]]`; the path of the table it opens, or `table` if it is no header."""
        start = self._at
        array = self._text.startswith("[[", start)
        self._at += 2 if array else 1
        self._skip(_SPACE)
        keys = self._keys()
        if not keys:
            return table
        path: Path = ()
        for key in keys[:-1]:
            path = self._latest((*path, key))
            self._mark(path, start, written=False)
        path = (*path, keys[-1])
        self._mark(path, start, written=True)
        if array:
            self._lengths[path] = self._lengths.get(path, 0) + 1
            path = self._latest(path)
            self._mark(path, start, written=True)
        return path

    def _entry(self, table: Path) -> None:
        """Reads `a.b = value`."""
        start = self._at
        keys = self._keys()
        path = table
        for count, key in enumerate(keys, 1):
            path = (*path, key)
            self._mark(path, start, written=count == len(keys))
        if keys and self._next("="):
            self._skip(_SPACE)
            self._value(path)

    def _value(self, path: Path) -> None:
        """Reads one value, and in it the entries of an array or the keys of an inline table."""
        opening = self._text[self._at : self._at + 1]
        if opening not in ("[", "{") or not opening:
            found = (_STRING if opening in ('"', "'") else _PLAIN).match(self._text, self._at)
            if found:
                self._at = found.end()
            return
        self._at += 1
        index = 0
        while self._skip(_BLANK) < len(self._text):
            start = self._at
            if self._next("]" if opening == "[" else "}"):
                return
            if self._next(","):
                continue
            if opening == "[":
                item = (*path, str(index))
                self._mark(item, start, written=True)
                self._value(item)
                index += 1
            else:
                self._entry(path)
            if self._at == start:  # no TOML: go on behind it rather than stand still
                self._at += 1

    def _keys(self) -> list[str]:
        """Reads a dotted key, in parts."""
        keys: list[str] = []
        while found := _KEY.match(self._text, self._at):
            keys.append(_plain(found.group()))
            self._at = found.end()
            self._skip(_SPACE)
            if not self._next("."):
                break
            self._skip(_SPACE)
        return keys

    def _latest(self, path: Path) -> Path:
        """The path itself, or of its last entry if it is an array of tables."""
        return (*path, str(self._lengths[path] - 1)) if path in self._lengths else path

    def _mark(self, path: Path, at: int, *, written: bool) -> None:
        if path not in self.lines or (written and path not in self._written):
            self.lines[path] = bisect_left(self._newlines, at) + 1
        if written:
            self._written.add(path)

    def _skip(self, blank: re.Pattern[str]) -> int:
        found = blank.match(self._text, self._at)
        self._at = found.end() if found else self._at
        return self._at

    def _next(self, mark: str) -> bool:
        found = self._text.startswith(mark, self._at)
        self._at += found
        return found


def _plain(key: str) -> str:
    """A key without its quotes and escapes."""
    if not key.startswith(('"', "'")):
        return key
    try:
        return str(tomllib.loads(f"key = {key}")["key"])
    except tomllib.TOMLDecodeError:
        return key[1:-1]
