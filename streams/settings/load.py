"""TOML to `Settings`: from text, from a file, from what the command line and the environment name."""

import re
import tomllib
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Final, NamedTuple

import msgspec

from streams.runtime.errors import OperatorError
from streams.settings import toml_format
from streams.settings.checks import run_checks
from streams.settings.model import Settings
from streams.settings.toml_positions import find_lines, nearest_line
from streams.settings.validation import validate

CONFIG_VARIABLE: Final = "ANPR_CONFIG"
"""The environment variable that names the file if `--config` is not given."""


class SettingFault(NamedTuple):
    """One thing that is wrong in a file of settings.

    `line` and `column` count from 1, the column in characters; only faults of the TOML itself have a column,
    and they have no `field`. `value` is empty where it is missing or must not be shown.
    """

    file: str
    line: int
    column: int | None
    field: str
    rule: str
    value: str
    advice: str

    def __str__(self) -> str:
        place = f"{self.file}:{self.line}" + (f":{self.column}" if self.column else "")
        text = "; ".join(
            part for part in (self.rule, self.value and f"it is {self.value}", self.advice) if part
        )
        return ": ".join(part for part in (place, self.field, text) if part)


class SettingsError(OperatorError, ValueError):
    """A file of settings has faults. `faults` holds all of them, in the order of their lines."""

    def __init__(self, faults: Iterable[SettingFault]) -> None:
        self.faults = tuple(sorted(faults, key=lambda fault: (fault.line, fault.column or 0, fault.field)))
        super().__init__("\n".join(map(str, self.faults)))


def parse_settings(text: str, name: str) -> Settings:
    """The settings that a TOML text gives, with defaults where it gives nothing.

    `name` stands for the text in messages. Raises SettingsError with all faults: of the TOML (then only the
    first, for nothing can be read behind it), of each value's type and bounds, of keys and sections that are
    not declared, and of the sections together.
    """
    values = _parse_toml(text, name)
    findings = [*validate(Settings, values), *run_checks(values)]
    if findings:
        lines = find_lines(text)
        raise SettingsError(
            SettingFault(
                name, nearest_line(lines, path), None, toml_format.format_path(path), rule, value, advice
            )
            for path, rule, value, advice in findings
        )
    return msgspec.convert(values, Settings)


def read_settings(path: Path) -> Settings:
    """The settings in a file.

    Raises SettingsError as `load` does, also for text that is not UTF-8; OSError if the file cannot be read.
    """
    content = path.read_bytes()
    try:
        text = content.decode()
    except UnicodeDecodeError as error:
        before = content[: error.start].decode()
        wrong = f"byte 0x{content[error.start]:02X}"
        raise SettingsError([_fault_at_end(str(path), before, "is UTF-8 text", wrong)]) from None
    # Some editors put a byte order mark before UTF-8; it is no part of the text.
    return parse_settings(text.removeprefix("\ufeff"), str(path))


def settings_path(path: Path | None, environ: Mapping[str, str]) -> Path | None:
    """The file of settings: `path`, else what ANPR_CONFIG names, if it is set and not empty; else None."""
    if path is None and environ.get(CONFIG_VARIABLE):
        return Path(environ[CONFIG_VARIABLE])
    return path


def load_settings(path: Path | None, environ: Mapping[str, str]) -> Settings:
    """The settings in force for a command: of the file that `file_of` gives, or without one the defaults.

    Raises what `read` raises.
    """
    file = settings_path(path, environ)
    return Settings() if file is None else read_settings(file)


def _parse_toml(text: str, name: str) -> dict[str, object]:
    try:
        return tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        message = str(error)
        place = re.search(r" \(at line (\d+), column (\d+)\)$", message)
        rule = f"is not TOML: {re.sub(r' [(]at [^()]*[)]$', '', message)}"
        if place:
            line, column = map(int, place.groups())
            raise SettingsError([SettingFault(name, line, column, "", rule, "", "")]) from None
        raise SettingsError([_fault_at_end(name, text, f"{rule}, at the end of the text", "")]) from None
    except RecursionError:
        raise SettingsError([SettingFault(name, 1, None, "", "is nested too deep", "", "")]) from None
    except ValueError:  # int's own
        rule = "holds a whole number of thousands of digits"
        raise SettingsError([SettingFault(name, 1, None, "", rule, "", "")]) from None


def _fault_at_end(name: str, text: str, rule: str, value: str) -> SettingFault:
    line = text.count("\n") + 1
    return SettingFault(name, line, len(text) - text.rfind("\n"), "", rule, value, "")
