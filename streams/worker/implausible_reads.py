"""The worker's count of reads with implausible times, and the log lines about them."""

from collections import Counter
from collections.abc import Iterable
from typing import Final

from streams.matching.plausible_time import IMPLAUSIBLE_TIME, ImplausibleRead

_LINE_INTERVAL_S: Final = 60.0
_MAX_CAMERAS: Final = 5


class ImplausibleReads:
    """Counts the reads that were set aside for their times; says so at once, then at most once a minute."""

    def __init__(self) -> None:
        self.count = 0
        """Reads set aside so far."""
        self._unreported: dict[str, Counter[str]] = {}
        self._last_reported_s = float("-inf")

    def add(self, topic: str, reads: Iterable[ImplausibleRead]) -> None:
        """Count reads of a topic that were set aside."""
        for read in reads:
            self.count += 1
            self._unreported.setdefault(topic, Counter())[read.camera_id] += 1

    def pop_lines(self, now_s: float) -> list[str]:
        """Return a line for each topic with reads that no line has counted yet, if a line is due.

        `now_s` is the reading of a monotonic clock in seconds; infinity makes a line due.
        """
        if not self._unreported or now_s - self._last_reported_s < _LINE_INTERVAL_S:
            return []
        self._last_reported_s = now_s
        lines = [_line(topic, cameras) for topic, cameras in self._unreported.items()]
        self._unreported.clear()
        return lines


def _line(topic: str, cameras: Counter[str]) -> str:
    shown = [f"{camera} ({count:,})" for camera, count in cameras.most_common(_MAX_CAMERAS)]
    others = len(cameras) - len(shown)
    names = ", ".join(shown) + (f" and {others:,} more cameras" if others else "")
    count = cameras.total()
    return (
        f"topic {topic}: {count:,} read{'' if count == 1 else 's'} set aside as dead letters "
        f"({IMPLAUSIBLE_TIME}), of {names}; correct the clocks of these cameras"
    )
