"""Options that several commands share."""

import os
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final, TypeVar

import click

from streams.settings.load import VARIABLE, SettingsError, file_of, from_option
from streams.settings.model import Settings

if TYPE_CHECKING:
    from streams.confusions.model import Models
    from streams.kafka.client import Connection

INPUT: Final = click.Path(exists=True, dir_okay=False, readable=True, allow_dash=True)
"""The type of options that name a file to read; - is standard input."""

_Command = TypeVar("_Command", bound=Callable[..., Any])


def config_option(command: _Command) -> _Command:
    """Adds `--config PATH` to a command, which gets it as `config: Path | None`."""
    return click.option(
        "--config",
        metavar="PATH",
        type=click.Path(path_type=Path),
        help=f"TOML file with the settings. Without it {VARIABLE} names the file; without either "
        "the defaults hold.",
    )(command)


def config_file(config: Path | None) -> Path | None:
    """The file of settings that the option or the environment names, or None."""
    return file_of(config, os.environ)


def settings_of(config: Path | None) -> Settings:
    """The settings that `--config`, or else the environment, names; without either the defaults.

    Ends the command: with exit code 1 if the file has faults, each on a line of stderr, and with exit code 2
    if it cannot be read.
    """
    try:
        return from_option(config, os.environ)
    except SettingsError as error:
        click.echo(str(error), err=True)
        raise click.exceptions.Exit(1) from None
    except OSError as error:
        reason = error.strerror or str(error)
        raise click.BadParameter(
            f"the file {config_file(config)} cannot be read: {reason}",
            param_hint="--config" if config else VARIABLE,
        ) from None


def models_of(settings: Settings) -> "Models | None":
    """The confusion models that the settings name; None for those shipped.

    Ends the command with exit code 1 if the file cannot be read or is no model of this version.
    """
    from streams.confusions.model import ModelError, load_file

    path = settings.matching.confusions
    if path is None:
        return None
    try:
        return load_file(Path(path).expanduser())
    except OSError as error:
        reason = f"cannot be read: {error.strerror or error}"
    except ModelError as error:
        reason = str(error)
    click.echo(f"[matching] confusions: {path}: {reason}", err=True)
    raise click.exceptions.Exit(1)


def connection_of(settings: Settings) -> "Connection":
    """The connection to Kafka that the settings and the environment give.

    Ends the command with exit code 1, each fault on a line of stderr, if they give none.
    """
    from streams.kafka.client import ConnectionSettingsError, resolve

    try:
        return resolve(settings.kafka, os.environ)
    except ConnectionSettingsError as error:
        click.echo(str(error), err=True)
        raise click.exceptions.Exit(1) from None
