"""The watch: what is seen of the cameras, so that one that sees nothing, or whose clock is wrong, shows."""

from collections.abc import Iterable, Sequence
from typing import Final

import msgspec
from msgspec import Struct

from streams.gateway.event import EventError, Reason, Taken
from streams.gateway.monitoring.baseline import LINGER
from streams.gateway.monitoring.camera_health import WINDOW, Kept, Seen, Sight
from streams.records.times import MINUTE_MS

NOBODY: Final = ""
"""The camera of events of nobody known."""
_GAP: Final = LINGER
"""Minutes without a sign after which nobody was watching: the process was held up, or its clock was set."""
_VERSION: Final = 1


class _Version(Struct):
    version: int


class _State(_Version):
    cameras: dict[str, Kept]


class Watch:
    """Watches the cameras of the settings; events of others count under an empty camera.

    All times are in ms since 1970 UTC, from one clock. It counts by the minute, and its memory is bounded for
    each camera. Time passes with each call; the gateway is to call `blind` every few seconds, for after 15
    minutes without a call it takes it that nobody was watching. For one thread.
    """

    def __init__(self, cameras: Iterable[str]) -> None:
        self._sights = {name: Sight() for name in (*cameras, NOBODY)}
        self._last: int | None = None
        self._since = 0
        """The minute in which watching began; it is not whole, so the next one is the first that counts."""

    @classmethod
    def restore(cls, cameras: Iterable[str], state: bytes) -> tuple["Watch", str]:
        """A watch that goes on from what `state` gave, as far as its cameras are in the settings.

        A state that is damaged or of another version is a fresh start: the words, for the log, say so; else
        they are empty. Counts begin at 0, and the ratio is known after 15 minutes.
        """
        watch = cls(cameras)
        try:
            version = msgspec.json.decode(state, type=_Version).version
            known = msgspec.json.decode(state, type=_State).cameras if version == _VERSION else None
        except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
            return watch, _anew("is damaged")
        if known is None:
            return watch, _anew(f"has version {version}, not {_VERSION}")
        watch._sights |= {
            name: Sight(kept) for name, kept in known.items() if name in watch._sights and name != NOBODY
        }
        return watch, ""

    def state(self) -> bytes:
        """The usual rates, the times of the last events, and who was said to be blind, as JSON."""
        kept = {name: sight.kept for name, sight in self._sights.items() if name != NOBODY}
        return msgspec.json.encode(_State(_VERSION, kept))

    def refused(self, camera_id: str, arrived: int, reason: Reason) -> None:
        """An event was refused before it was looked into."""
        self._pass(arrived)
        sight = self._of(camera_id)
        sight.event(arrived, "refused")
        sight.rejects[reason] += 1

    def took(self, camera_id: str, arrived: int, taken: Taken, errors: Sequence[EventError] = ()) -> None:
        """An event became reads, was passed over, or is wrong in whole or in part: `errors` are all of it."""
        self._pass(arrived)
        sight = self._of(camera_id)
        sight.event(arrived, "refused" if errors else "taken" if taken.reads else "passed")
        for error in errors:
            sight.rejects[error.reason] += 1
        minute = arrived // MINUTE_MS
        counted = sight.took(minute, arrived, taken)
        if counted and minute > self._since:
            sight.kept.usual.read(minute, counted)

    def seen(self, now: int) -> list[Seen]:
        """What is seen of each camera, and last of the empty one."""
        minute = self._pass(now)
        return [sight.seen(name, minute, self._whole(minute)) for name, sight in self._sights.items()]

    def blind(self, now: int) -> list[str]:
        """Words for the operator about cameras that became blind, or no longer are; of each change once.

        Blind is a camera with less than a fifth of its usual reads where 20 or more are usual in 15 minutes;
        and, where it is not known yet what is usual, one without a read since the start, after 15 minutes. It
        is so until it gives two fifths of what is usual then; one read, where that is not known or nothing.
        """
        minute = self._pass(now)
        words = []
        for name, sight in self._sights.items():
            if sight.blind != sight.kept.told:
                sight.kept.told = sight.blind
                words.append(sight.told(name, minute))
        return words

    def _of(self, camera_id: str) -> Sight:
        return self._sights.get(camera_id) or self._sights[NOBODY]

    def _whole(self, now: int) -> bool:
        return now - WINDOW > self._since

    def _pass(self, ms: int) -> int:
        """Lets time pass; the latest minute. An event that was long on its way turns nothing back."""
        minute, last = ms // MINUTE_MS, self._last
        if last is not None and last - _GAP <= minute <= last:
            return last
        self._last = minute
        gap = last is None or abs(minute - last) > _GAP
        if gap:
            self._since = minute
        watched = range(0) if gap or last is None else range(max(last, self._since + 1), minute)
        for name, sight in self._sights.items():
            if gap:
                sight.reset(ms)
            sight.forget(minute)
            for each in watched:
                sight.kept.usual.passed(each)
            if name != NOBODY and self._whole(minute):
                sight.judge(minute)
            sight.kept.usual.learn(minute, sight.blind)
        return minute


def _anew(why: str) -> str:
    return f"what was kept of the cameras' usual rates {why}: they are learnt anew, which takes a day"
