"""Errors that a person must act on. All derive from one base, which the command line catches once.

    OperatorError                     printed as "anpr COMMAND: MESSAGE", exit code 1
    ├── InputError                    a file or an option cannot be used, exit code 2
    ├── InputFileError                a file of records cannot be read, exit code 2
    ├── SettingsError                 the settings have faults
    ├── ConnectionSettingsError       [kafka], or the files and variables it names, have faults
    ├── AccessError                   the secrets of cameras have faults
    ├── TlsError                      the certificate or the key of the gateway cannot be used
    ├── SpoolError                    the spool of the gateway cannot be used
    ├── SnapshotError                 a snapshot of the alert lists cannot be used
    ├── ModelError                    a confusion model cannot be used
    ├── TrainingError                 a confusion model cannot be trained
    ├── WorkerError                   a worker cannot continue
    ├── LookbackError                 a lookback cannot continue
    ├── AlertTopicError               the alert lists cannot be read from Kafka, or written to it
    ├── FollowError                   a topic cannot be followed
    ├── ScanError                     a topic cannot be scanned
    ├── TokenError                    the token server gives no token
    ├── DriverVersionError            Faust or aiokafka is of a release that the driver was not written for
    ├── DevClusterError               the local Kafka cannot be run
    └── DemoError                     the demo cannot continue

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
    """A worker that cannot continue."""


def unexpected_error(doing: str, error: BaseException) -> WorkerError:
    """Return the error of a bug: where it was raised, without its own message, which may hold a plate."""
    frames = traceback.extract_tb(error.__traceback__)[-_MAX_FRAMES:]
    locations = ", ".join(f"{_short_path(frame.filename)}:{frame.lineno} {frame.name}" for frame in frames)
    return WorkerError(
        f"{doing}: {type(error).__name__} at {locations or 'an unknown location'}. This is a bug: report it. "
        "Uncommitted records will be processed again when the worker starts"
    )


def _short_path(filename: str) -> str:
    return "/".join(Path(filename).parts[-2:])
