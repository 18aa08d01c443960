"""The file next to the spool in which the monitor's state outlives the process."""

import logging
from collections.abc import Iterable
from pathlib import Path

from streams.gateway.monitoring.monitor import CameraMonitor

_log = logging.getLogger(__name__)


class MonitorStateFile:
    """Saves and loads the state of a camera monitor.

    A file that cannot be used is reported in the log, never raised: the gateway works without it.
    """

    def __init__(self, path: Path) -> None:
        self._path = path

    def load(self, cameras: Iterable[str]) -> CameraMonitor:
        """Return the monitor that the last gateway saved, for these cameras; a new one if there is none."""
        try:
            state = self._path.read_bytes()
        except FileNotFoundError:
            return CameraMonitor(cameras)
        except OSError as error:
            _log.warning(
                "%s cannot be read: %s; the baselines of the cameras are learnt again", self._path, error
            )
            return CameraMonitor(cameras)
        monitor, message = CameraMonitor.restore(cameras, state)
        if message:
            _log.warning("%s: %s", self._path, message)
        return monitor

    def save(self, monitor: CameraMonitor) -> None:
        """Replace the file with the present state of a monitor."""
        part = self._path.with_suffix(".part")
        try:
            part.write_bytes(monitor.encode_state())
            part.replace(self._path)
        except OSError as error:
            _log.warning("%s cannot be written: %s", self._path, error)
