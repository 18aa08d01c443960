"""Loading of settings from TOML text, from a file, or from the file of the command line or environment."""

import re
import tomllib
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Final, NamedTuple

import msgspec

from streams.records.faults import MISSING_RULE
from streams.runtime.errors import OperatorError
from streams.settings import toml_format
from streams.settings.checks import run_checks
from streams.settings.model import Settings
from streams.settings.toml_positions import find_lines, nearest_line
from streams.settings.validation import validate

CONFIG_VARIABLE: Final = "ANPR_CONFIG"
"""The environment variable that names the file if `--config` is not passed."""


class SettingPosition(NamedTuple):
    """A position in a file of settings: line and column from 1, the column in characters if it is known."""

    file: str
    line: int
    column: int | None = None

    def __str__(self) -> str:
        return f"{self.file}:{self.line}" + (f":{self.column}" if self.column else "")


class SettingFault(NamedTuple):
    """One fault in a file of settings: where, in which field, the rule it breaks, the value, what to do.

    Faults of the TOML itself have no field. `value` is empty if there is none or it must not be shown.
    """

    position: SettingPosition
    field: str
    rule: str
    value: str = ""
    advice: str = ""

    def __str__(self) -> str:
        text = f"{self.rule}, got {self.value}" if self.value else self.rule
        if self.rule == MISSING_RULE:
            text = f"missing required key `{self.field}`"
        elif self.field:
            text = f"{self.field}: {text}"
        return f"{self.position}: {text}" + (f"; {self.advice}" if self.advice else "")


class SettingsError(OperatorError, ValueError):
    """A file of settings has faults. `faults` holds all of them, in the order of their lines."""

    def __init__(self, faults: Iterable[SettingFault]) -> None:
        self.faults = tuple(
            sorted(
                faults,
                key=lambda fault: (fault.position.line, fault.position.column or 0, fault.field),
            )
        )
        super().__init__("\n".join(map(str, self.faults)))


def parse_settings(text: str, name: str) -> Settings:
    """Return the settings of a TOML text; what it does not set has its default.

    `name` stands for the text in messages. Raises SettingsError with all faults: of the TOML (then only the
    first, because what follows cannot be read), of each value's type and bounds, of unknown keys and
    sections, and of the sections together.
    """
    values = _parse_toml(text, name)
    findings = [*validate(Settings, values), *run_checks(values)]
    if findings:
        lines = find_lines(text)
        raise SettingsError(
            SettingFault(
                SettingPosition(name, nearest_line(lines, path)),
                toml_format.format_path(path),
                rule,
                value,
                advice,
            )
            for path, rule, value, advice in findings
        )
    return msgspec.convert(values, Settings)


def read_settings(path: Path) -> Settings:
    """Return the settings of a file.

    Raises SettingsError as `parse_settings` does, and for text that is not UTF-8; OSError if the file cannot
    be read.
    """
    content = path.read_bytes()
    try:
        text = content.decode()
    except UnicodeDecodeError as error:
        before = content[: error.start].decode()
        byte = f"byte 0x{content[error.start]:02X}"
        raise SettingsError([_fault_at_end(str(path), before, "must be UTF-8 text", byte)]) from None
    # Some editors write a byte order mark before UTF-8; it is not part of the text.
    return parse_settings(text.removeprefix("\ufeff"), str(path))


def settings_path(path: Path | None, environ: Mapping[str, str]) -> Path | None:
    """Return the file of settings: `path`, else that of ANPR_CONFIG unless unset or empty, else None."""
    if path is None and environ.get(CONFIG_VARIABLE):
        return Path(environ[CONFIG_VARIABLE])
    return path


def load_settings(path: Path | None, environ: Mapping[str, str]) -> Settings:
    """Return the settings of the file that `settings_path` returns, or the defaults without one.

    Raises what `read_settings` raises.
    """
    file = settings_path(path, environ)
    return Settings() if file is None else read_settings(file)


def _parse_toml(text: str, name: str) -> dict[str, object]:
    try:
        return tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        message = str(error)
        position = re.search(r" \(at line (\d+), column (\d+)\)$", message)
        rule = f"invalid TOML: {re.sub(r' [(]at [^()]*[)]$', '', message)}"
        if position:
            line, column = map(int, position.groups())
            raise SettingsError([SettingFault(SettingPosition(name, line, column), "", rule)]) from None
        raise SettingsError([_fault_at_end(name, text, f"{rule}, at the end of the text", "")]) from None
    except RecursionError:
        rule = "invalid TOML: nested too deeply"
    except ValueError:  # raised by int
        rule = "invalid TOML: a whole number with thousands of digits"
    raise SettingsError([SettingFault(SettingPosition(name, 1), "", rule)])


def _fault_at_end(name: str, text: str, rule: str, value: str) -> SettingFault:
    position = SettingPosition(name, text.count("\n") + 1, len(text) - text.rfind("\n"))
    return SettingFault(position, "", rule, value)
