"""Options that several commands share, and what they name: settings, models, the Kafka connection."""

import os
from collections.abc import Callable
from functools import wraps
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final, TypeVar

import click

from streams.cli.common.times import TIME
from streams.records.times import Millis
from streams.runtime.clock import now_ms
from streams.runtime.errors import OperatorError
from streams.settings.load import CONFIG_VARIABLE, load_settings, settings_path
from streams.settings.model import Settings

if TYPE_CHECKING:
    from streams.confusions.model import ConfusionModels
    from streams.kafka.client import Connection

INPUT_FILE: Final = click.Path(exists=True, dir_okay=False, readable=True, allow_dash=True)
"""The type of options that name a file to read; - is standard input."""

_Command = TypeVar("_Command", bound=Callable[..., Any])
_Options = TypeVar("_Options")


def config_option(command: _Command) -> _Command:
    """Add `--config PATH` to a command, which gets it as `config: Path | None`."""
    return click.option(
        "--config",
        metavar="PATH",
        type=click.Path(path_type=Path),
        help=f"TOML file with the settings. Without it {CONFIG_VARIABLE} names the file; without either "
        "the defaults apply.",
    )(command)


now_option: Final = click.option(
    "--now", "now_ms", type=TIME, help="Reference time; by default the current time."
)
"""Adds `--now TIME` to a command, which gets it as `now_ms: Millis | None`."""


def options_object(
    options_type: Callable[..., _Options],
) -> Callable[[Callable[[_Options], None]], Callable[..., None]]:
    """Return a decorator that hands the options of a command to it as one object of a type.

    It stands directly above the function; the fields of the type are named as the options.
    """

    def decorate(command: Callable[[_Options], None]) -> Callable[..., None]:
        @wraps(command)
        def run(**options: Any) -> None:
            command(options_type(**options))

        return run

    return decorate


def resolve_now(time_ms: Millis | None) -> Millis:
    """Return the time that `--now` names, by default the current time."""
    return now_ms() if time_ms is None else time_ms


def config_path(config: Path | None) -> Path | None:
    """Return the settings file that the option or the environment names, or None."""
    return settings_path(config, os.environ)


def read_settings(config: Path | None) -> Settings:
    """Return the settings in the file that `--config` or the environment names, by default the defaults.

    Raises SettingsError if the file has faults, click.BadParameter if it cannot be read.
    """
    try:
        return load_settings(config, os.environ)
    except OSError as error:
        reason = error.strerror or str(error)
        raise click.BadParameter(
            f"the file {config_path(config)} cannot be read: {reason}",
            param_hint="--config" if config else CONFIG_VARIABLE,
        ) from None


def read_models(settings: Settings) -> "ConfusionModels | None":
    """Return the confusion models that the settings name, or None for the built-in ones.

    Raises OperatorError if the file cannot be read or is not a model of this version.
    """
    from streams.confusions.model import ModelError, load_models

    path = settings.matching.confusions
    if path is None:
        return None
    try:
        return load_models(Path(path).expanduser())
    except OSError as error:
        reason = f"{path}: cannot be read: {error.strerror or error}"
    except ModelError as error:
        reason = str(error)
    raise OperatorError(f"[matching] confusions: {reason}")


def resolve_connection(settings: Settings) -> "Connection":
    """Return the connection to Kafka that the settings and the environment describe.

    Raises ConnectionSettingsError with all faults if they do not.
    """
    from streams.kafka.client import connection_from_settings

    return connection_from_settings(settings.kafka, os.environ)
