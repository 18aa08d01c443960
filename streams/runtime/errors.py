"""Errors that a person must act on. All derive from one base, which the command line catches once.

    OperatorError                     printed as "anpr COMMAND: MESSAGE", exit code 1
    ├── InputError                    a file or an option cannot be used, exit code 2
    ├── WorkerError                   a worker cannot go on
    ├── LookbackError                 a lookback cannot go on
    ├── SettingsError                 the settings have faults
    ├── ConnectionSettingsError       the settings of the Kafka connection, or what they name, have faults
    ├── AccessError                   the secrets of cameras have faults
    ├── TlsError                      the gateway's certificate or key cannot be used
    ├── SpoolError                    the gateway's spool cannot be used
    ├── FileError                     a file of records cannot be read
    ├── SnapshotError                 a snapshot of the alert lists cannot be used
    ├── ModelError                    a confusion model cannot be used
    ├── LearnError                    a confusion model cannot be trained
    ├── ListsError                    the topic of alerts cannot be read
    ├── FollowError                   a topic cannot be followed
    ├── ReadingError                  a topic cannot be scanned
    ├── TokenError                    an OAuth token cannot be had
    ├── ContractError                 the installed Kafka libraries are not those the driver was written for
    ├── LocalKafkaError               the local Kafka cannot be run
    └── DemoError                     the demo cannot go on

A message says what is wrong, where, and what to do. It holds no plate.
"""

import traceback
from pathlib import Path
from typing import Final

_MAX_FRAMES: Final = 4


class OperatorError(Exception):
    """An error that a person must act on; the message says what is wrong, where, and what to do."""


class InputError(OperatorError):
    """A file or an option that cannot be used."""


class WorkerError(OperatorError):
    """Why a worker cannot go on; the message says what to do."""


def unexpected_error(doing: str, error: BaseException) -> WorkerError:
    """What an operator is told of an error that nobody thought of: where it came up, not what it says.

    Its own message may hold a plate.
    """
    frames = traceback.extract_tb(error.__traceback__)[-_MAX_FRAMES:]
    places = ", ".join(f"{_short_path(each.filename)}:{each.lineno} {each.name}" for each in frames)
    return WorkerError(
        f"{doing}: {type(error).__name__} in {places or 'an unknown place'}. This is a fault of the program: "
        "report it. What was in work is not committed and comes again when the worker starts"
    )


def _short_path(filename: str) -> str:
    return "/".join(Path(filename).parts[-2:])
