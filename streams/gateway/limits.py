"""Limits: how many events a camera may send, and how many wrong logins may come from an address."""

from collections import OrderedDict
from collections.abc import Mapping
from typing import Final

_BURST_S: Final = 2.0
_LEAST_BURST: Final = 5.0
_LOGINS: Final = 10.0
_LOGINS_PER_S: Final = 1 / 6
_ADDRESSES: Final = 10_000


class Bucket:
    """A token bucket: `rate` tokens a second, at most `most`."""

    __slots__ = ("_at", "_left", "_most", "_rate")

    def __init__(self, rate: float, most: float) -> None:
        self._rate = rate
        self._most = most
        self._left = most
        self._at: int | None = None

    def wait(self, now: int) -> float:
        """The seconds until there is a token; 0 if there is one. `now` in ms since 1970 UTC."""
        if self._at is not None and now > self._at:
            self._left = min(self._most, self._left + (now - self._at) / 1000 * self._rate)
        self._at = now if self._at is None else max(self._at, now)
        return 0.0 if self._left >= 1 else (1 - self._left) / self._rate

    def take(self, now: int) -> float:
        """Takes a token if there is one, and gives 0; else the seconds until there is."""
        wait = self.wait(now)
        if not wait:
            self._left -= 1
        return wait


class Limits:
    """The limits of cameras, in events a second, and of addresses. All times are in ms since 1970 UTC."""

    def __init__(self, events_per_s: Mapping[str, float]) -> None:
        self._cameras = {
            name: Bucket(rate, max(rate * _BURST_S, _LEAST_BURST)) for name, rate in events_per_s.items()
        }
        self._addresses: OrderedDict[str, Bucket] = OrderedDict()

    def event(self, camera_id: str, now: int) -> float:
        """Takes an event of a camera: 0, or the seconds it has to wait."""
        return self._cameras[camera_id].take(now)

    def login(self, address: str, now: int) -> float:
        """0 if an address may log in, or the seconds it has to wait after too many wrong logins."""
        bucket = self._addresses.get(address)
        return bucket.wait(now) if bucket is not None else 0.0

    def login_failed(self, address: str, now: int) -> None:
        """Takes a wrong login from an address. The addresses of the last 10,000 are known."""
        bucket = self._addresses.get(address)
        if bucket is None:
            bucket = self._addresses[address] = Bucket(_LOGINS_PER_S, _LOGINS)
            if len(self._addresses) > _ADDRESSES:
                self._addresses.popitem(last=False)
        self._addresses.move_to_end(address)
        bucket.take(now)
