"""Limits: how many events a camera may send, and how many wrong logins may come from an address."""

import math
from collections import OrderedDict
from collections.abc import Mapping
from ipaddress import IPv6Address
from typing import Final

_BURST_S: Final = 2.0
_MIN_BURST: Final = 5.0
_LOGIN_BURST: Final = 10.0
_LOGINS_PER_S: Final = 1 / 6
_MAX_ADDRESSES: Final = 10_000
_WHOLE_TOKEN: Final = 1 - 1e-6
"""A token that is as good as whole: parts of tokens do not add up to 1 in floats."""


class TokenBucket:
    """A token bucket: `rate` tokens a second, at most `most`."""

    __slots__ = ("_capacity", "_tokens", "_tokens_per_s", "_updated_ms")

    def __init__(self, tokens_per_s: float, capacity: float) -> None:
        self._tokens_per_s = tokens_per_s
        self._capacity = capacity
        self._tokens = capacity
        self._updated_ms: int | None = None

    def wait_s(self, now_ms: int) -> int:
        """The whole seconds until there is a token; 0 if there is one. `now` in ms since 1970 UTC."""
        # A clock that is set back gives nothing, and the bucket fills from there: it does not wait until the
        # clock comes again to where it was.
        if self._updated_ms is not None and now_ms > self._updated_ms:
            self._tokens = min(
                self._capacity, self._tokens + (now_ms - self._updated_ms) / 1000 * self._tokens_per_s
            )
        self._updated_ms = now_ms
        return 0 if self._tokens >= _WHOLE_TOKEN else math.ceil((1 - self._tokens) / self._tokens_per_s)

    def acquire(self, now_ms: int) -> int:
        """Takes a token if there is one, and gives 0; else the whole seconds until there is."""
        wait = self.wait_s(now_ms)
        if not wait:
            self._tokens -= 1
        return wait


class RateLimits:
    """The limits of cameras, in events a second, and of addresses. All times are in ms since 1970 UTC."""

    def __init__(self, events_per_s: Mapping[str, float]) -> None:
        self._camera_buckets = {
            name: TokenBucket(rate, max(rate * _BURST_S, _MIN_BURST)) for name, rate in events_per_s.items()
        }
        self._address_buckets: OrderedDict[str, TokenBucket] = OrderedDict()

    def acquire_event(self, camera_id: str, now_ms: int) -> int:
        """Takes an event of a camera: 0, or the whole seconds it has to wait (for Retry-After)."""
        return self._camera_buckets[camera_id].acquire(now_ms)

    def login_wait_s(self, address: str, now_ms: int) -> int:
        """0 if an address may log in, or the whole seconds it has to wait after too many wrong logins.

        An address of IPv6 counts as its /64, which is what one host is given (RFC 6177).
        """
        bucket = self._address_buckets.get(_address_key(address))
        return bucket.wait_s(now_ms) if bucket is not None else 0

    def record_failed_login(self, address: str, now_ms: int) -> None:
        """Takes a wrong login from an address. The last 10,000 addresses are known."""
        counted = _address_key(address)
        bucket = self._address_buckets.get(counted)
        if bucket is None:
            bucket = self._address_buckets[counted] = TokenBucket(_LOGINS_PER_S, _LOGIN_BURST)
            if len(self._address_buckets) > _MAX_ADDRESSES:
                self._address_buckets.popitem(last=False)
        self._address_buckets.move_to_end(counted)
        bucket.acquire(now_ms)


def _address_key(address: str) -> str:
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
