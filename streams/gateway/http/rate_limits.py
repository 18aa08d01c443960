"""Limits: how many events a camera may send, and how many wrong logins may come from an address."""

import math
from collections import OrderedDict
from collections.abc import Mapping
from ipaddress import IPv6Address
from typing import Final

_BURST_S: Final = 2.0
_LEAST_BURST: Final = 5.0
_LOGINS: Final = 10.0
_LOGINS_PER_S: Final = 1 / 6
_ADDRESSES: Final = 10_000
_ALMOST: Final = 1 - 1e-6
"""A token that is as good as whole: parts of tokens do not add up to 1 in floats."""


class Bucket:
    """A token bucket: `rate` tokens a second, at most `most`."""

    __slots__ = ("_at", "_left", "_most", "_rate")

    def __init__(self, rate: float, most: float) -> None:
        self._rate = rate
        self._most = most
        self._left = most
        self._at: int | None = None

    def wait(self, now: int) -> int:
        """The whole seconds until there is a token; 0 if there is one. `now` in ms since 1970 UTC."""
        # A clock that is set back gives nothing, and the bucket fills from there: it does not wait until the
        # clock comes again to where it was.
        if self._at is not None and now > self._at:
            self._left = min(self._most, self._left + (now - self._at) / 1000 * self._rate)
        self._at = now
        return 0 if self._left >= _ALMOST else math.ceil((1 - self._left) / self._rate)

    def take(self, now: int) -> int:
        """Takes a token if there is one, and gives 0; else the whole seconds until there is."""
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

    def event(self, camera_id: str, now: int) -> int:
        """Takes an event of a camera: 0, or the whole seconds it has to wait (for Retry-After)."""
        return self._cameras[camera_id].take(now)

    def login(self, address: str, now: int) -> int:
        """0 if an address may log in, or the whole seconds it has to wait after too many wrong logins.

        An address of IPv6 counts as its /64, which is what one host is given (RFC 6177).
        """
        bucket = self._addresses.get(_counted(address))
        return bucket.wait(now) if bucket is not None else 0

    def login_failed(self, address: str, now: int) -> None:
        """Takes a wrong login from an address. The last 10,000 addresses are known."""
        counted = _counted(address)
        bucket = self._addresses.get(counted)
        if bucket is None:
            bucket = self._addresses[counted] = Bucket(_LOGINS_PER_S, _LOGINS)
            if len(self._addresses) > _ADDRESSES:
                self._addresses.popitem(last=False)
        self._addresses.move_to_end(counted)
        bucket.take(now)


def _counted(address: str) -> str:
    """What counts as one address: that of IPv4, the first 64 bits of one of IPv6, any other text as it is."""
    if ":" not in address:
        return address
    try:
        six = IPv6Address(address)
    except ValueError:
        return address
    if six.ipv4_mapped is not None:
        return str(six.ipv4_mapped)
    return str(IPv6Address(int(six) >> 64 << 64)) + "/64"
