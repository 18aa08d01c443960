"""Options that several commands share."""

import os
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final, TypeVar

import click

from streams.settings.load import CONFIG_VARIABLE, SettingsError, load_settings, settings_path
from streams.settings.model import Settings

if TYPE_CHECKING:
    from streams.confusions.model import ConfusionModels
    from streams.kafka.client import Connection

INPUT_FILE: Final = click.Path(exists=True, dir_okay=False, readable=True, allow_dash=True)
"""The type of options that name a file to read; - is standard input."""

_Command = TypeVar("_Command", bound=Callable[..., Any])


def config_option(command: _Command) -> _Command:
    """Adds `--config PATH` to a command, which gets it as `config: Path | None`."""
    return click.option(
        "--config",
        metavar="PATH",
        type=click.Path(path_type=Path),
        help=f"TOML file with the settings. Without it {CONFIG_VARIABLE} names the file; without either "
        "the defaults hold.",
    )(command)


def config_path(config: Path | None) -> Path | None:
    """The file of settings that the option or the environment names, or None."""
    return settings_path(config, os.environ)


def read_settings(config: Path | None) -> Settings:
    """The settings that `--config`, or else the environment, names; without either the defaults.

    Ends the command: with exit code 1 if the file has faults, each on a line of stderr, and with exit code 2
    if it cannot be read.
    """
    try:
        return load_settings(config, os.environ)
    except SettingsError as error:
        click.echo(str(error), err=True)
        raise click.exceptions.Exit(1) from None
    except OSError as error:
        reason = error.strerror or str(error)
        raise click.BadParameter(
            f"the file {config_path(config)} cannot be read: {reason}",
            param_hint="--config" if config else CONFIG_VARIABLE,
        ) from None


def read_models(settings: Settings) -> "ConfusionModels | None":
    """The confusion models that the settings name; None for those shipped.

    Ends the command with exit code 1 if the file cannot be read or is no model of this version.
    """
    from streams.confusions.model import ModelError, load_models

    path = settings.matching.confusions
    if path is None:
        return None
    try:
        return load_models(Path(path).expanduser())
    except OSError as error:
        reason = f"cannot be read: {error.strerror or error}"
    except ModelError as error:
        reason = str(error)
    click.echo(f"[matching] confusions: {path}: {reason}", err=True)
    raise click.exceptions.Exit(1)


def resolve_connection(settings: Settings) -> "Connection":
    """The connection to Kafka that the settings and the environment give.

    Ends the command with exit code 1, each fault on a line of stderr, if they give none.
    """
    from streams.kafka.client import ConnectionSettingsError, connection_from_settings

    try:
        return connection_from_settings(settings.kafka, os.environ)
    except ConnectionSettingsError as error:
        click.echo(str(error), err=True)
        raise click.exceptions.Exit(1) from None
