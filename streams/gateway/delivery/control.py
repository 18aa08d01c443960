"""Signals between the delivery thread of a topic and the threads that feed and stop it."""

import threading
from time import monotonic


class DeliveryControl:
    """Signals work to the delivery of one topic, and stops it. Thread-safe."""

    def __init__(self) -> None:
        self._work = threading.Event()
        self._stopping = threading.Event()
        self._deadline_s = float("inf")

    def signal_work(self) -> None:
        """Signal that there are new entries, or that some were acknowledged."""
        self._work.set()

    def clear(self) -> None:
        """Forget the signals so far; call it before looking for work."""
        self._work.clear()

    def wait_for_work(self, timeout_s: float) -> bool:
        """Wait for a signal; return False if none came in time."""
        return self._work.wait(timeout_s)

    def stop(self, deadline_s: float) -> None:
        """Ask the delivery to end, at the latest at a time of `monotonic`."""
        self._deadline_s = deadline_s
        self._stopping.set()
        self._work.set()

    def should_stop(self, has_pending: bool) -> bool:
        """True if the delivery was asked to end and has either nothing pending or no time left."""
        return self._stopping.is_set() and (not has_pending or monotonic() >= self._deadline_s)

    def sleep(self, seconds: float) -> None:
        """Sleep, but no longer than until the delivery is asked to end."""
        self._stopping.wait(seconds)
