"""`anpr config`: check, show and document the settings."""

from pathlib import Path

import click
import msgspec

from streams.cli.options import config_file, config_option, settings_of
from streams.settings.describe import reference
from streams.settings.describe import show as shown
from streams.settings.model import Settings


@click.group()
def config() -> None:
    """Checks, shows and documents the settings."""


@config.command()
@config_option
def check(config: Path | None) -> None:
    """Says whether the settings are right.

    Lists every fault on stderr with its line, the rule and the value. Exit codes: 0 no faults, 1 faults,
    2 the file cannot be read.
    """
    settings = settings_of(config)
    file = config_file(config)
    name = f"{file}: no faults" if file else "no file is named, the defaults hold"
    click.echo(f"{name}; {_counts(settings)}")


@config.command()
@config_option
def show(config: Path | None) -> None:
    """Prints the settings in force, with the defaults, as TOML.

    The output can be used as a file of settings. Secrets are hidden; a key without a value is a comment.
    """
    click.echo(shown(settings_of(config)), nl=False)


@config.command()
def docs() -> None:
    """Prints the reference of all settings as Markdown."""
    click.echo(reference(), nl=False)


def _counts(settings: Settings) -> str:
    sections = {
        field.encode_name: getattr(settings, field.name) for field in msgspec.structs.fields(Settings)
    }
    return ", ".join(
        f"{len(entries)} {name.removesuffix('s') if len(entries) == 1 else name}"
        for name, entries in sections.items()
        if isinstance(entries, dict)
    )
