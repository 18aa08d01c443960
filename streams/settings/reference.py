"""The settings as text: those in effect as TOML, and the declarations as a reference document."""

import re
from collections.abc import Iterator
from typing import Any, Final

import msgspec
from msgspec import NODEFAULT, Struct
from msgspec.structs import FieldInfo

from streams.settings import toml_format
from streams.settings.checks import CHECKS
from streams.settings.model import Settings
from streams.settings.type_info import describe_type, entry_struct, get_description, is_secret, toml_form

_INTRODUCTION: Final = """\
# Configuration

<!-- Generated from the declarations in the code by `make docs`. Do not edit. -->

All settings are in one TOML file. Pass it with `--config FILE`, or name it in the environment variable
`ANPR_CONFIG`; the option takes precedence. Without a file, the defaults apply. All sections and keys are
optional, except those marked as required. An unknown section or key is an error.

`anpr config check` lists every error in the file with its line. `anpr config show` prints the settings in
effect, including defaults.
"""


def format_settings(settings: Struct) -> str:
    """Return all settings, defaults included, as TOML that `parse_settings` reads back.

    A key without a value becomes a comment, and so does a secret one, which shows only that it is set.
    """
    return "\n".join(_table_lines(settings, (), "")).strip("\n") + "\n"


def build_reference() -> str:
    """Return the reference of all settings in Markdown, the text of docs/reference/configuration.md."""
    rules = "\n".join(f"- {check.rule}" for check in CHECKS)
    sections = "\n".join(_section_lines(Settings, ""))
    return f"{_INTRODUCTION}\n{sections}\n## Rules across sections\n\n{rules}\n"


def _table_lines(table: Struct, path: tuple[str, ...], header: str) -> Iterator[str]:
    """Yield the lines of a table and its inner tables; its own keys first, because a header ends them."""
    fields = [(field, getattr(table, field.name)) for field in msgspec.structs.fields(table)]
    inner = [(field, content) for field, content in fields if _is_table(field, content)]
    plain = [(field, content) for field, content in fields if not _is_table(field, content)]
    if header and (plain or not inner):
        yield from ("", header)
    yield from (_key_line(field, content) for field, content in plain)
    for field, content in inner:
        inner_path = (*path, field.encode_name)
        inner_name = toml_format.format_path(inner_path)
        match toml_form(field.type):
            case "table":
                yield from _table_lines(content, inner_path, f"[{inner_name}]")
            case "tables":
                if not content:
                    yield from ("", f"# [{inner_name}.<id>]  (none)")
                for name, entry in content.items():
                    entry_path = (*inner_path, name)
                    yield from _table_lines(entry, entry_path, f"[{toml_format.format_path(entry_path)}]")
            case "array":
                if not content:
                    yield from ("", f"# [[{inner_name}]]  (none)")
                for entry in content:
                    yield from _table_lines(entry, inner_path, f"[[{inner_name}]]")


def _is_table(field: FieldInfo, content: object) -> bool:
    return toml_form(field.type) != "value" and content is not None and not is_secret(field.type)


def _key_line(field: FieldInfo, content: object) -> str:
    name = toml_format.format_key(field.encode_name)
    if content is None:
        return f"# {name} =  (not set)"
    if is_secret(field.type):
        return f"# {name} =  (set, hidden)"
    return f"{name} = {toml_format.format_value(content)}"


def _section_lines(struct: type[Struct], path: str) -> Iterator[str]:
    """Yield the Markdown of a Struct's own keys and of the sections in it."""
    fields = msgspec.structs.fields(struct)
    plain = [field for field in fields if toml_form(field.type) == "value"]
    if plain:
        yield from ("| Key | Value | Default | Description |", "|---|---|---|---|")
        yield from (f"| {' | '.join(map(_format_cell, _reference_row(field)))} |" for field in plain)
        yield ""
    for field in fields:
        entry = entry_struct(field.type)
        if entry is None or field in plain:
            continue
        name = path + field.encode_name
        inner = {"table": name, "tables": f"{name}.<id>", "array": f"{name}[]"}[toml_form(field.type)]
        header = f"[[{name}]]" if toml_form(field.type) == "array" else f"[{inner}]"
        title = get_description(field.type)
        yield from (f"## `{header}`", "", _escape_markdown(title[:1].upper() + title[1:] + "."), "")
        yield from _section_lines(entry, f"{inner}.")


def _reference_row(field: FieldInfo) -> tuple[str, str, str, str]:
    secret = " (secret, never shown)" if is_secret(field.type) else ""
    description = f"{get_description(field.type)}{secret}"
    return f"`{field.encode_name}`", describe_type(field.type), _default_text(field), description


def _default_text(field: FieldInfo) -> str:
    if field.required:
        return "required"
    default: Any = field.default if field.default is not NODEFAULT else field.default_factory()
    return "not set" if default is None else f"`{toml_format.format_value(default)}`"


def _format_cell(text: str) -> str:
    return _escape_markdown(text).replace("|", "\\|")


def _escape_markdown(text: str) -> str:
    """Escape a text for Markdown, except code; names of sections become code."""
    pieces = re.split(r"(`[^`]*`|\[+[a-z_.<>]+\]+)", text)
    for index, piece in enumerate(pieces):
        if index % 2:
            pieces[index] = piece if piece.startswith("`") else f"`{piece}`"
        else:
            pieces[index] = re.sub(r"([*_<\[])", r"\\\1", piece)
    return "".join(pieces)
