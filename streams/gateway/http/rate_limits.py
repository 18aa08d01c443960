"""Rate limits: for the events of a camera, and for failed logins from an address."""

import math
from collections import OrderedDict
from collections.abc import Mapping
from ipaddress import IPv6Address
from typing import Final

from streams.records.times import SECOND_MS, Millis

_BURST_S: Final = 2.0
_MIN_BURST: Final = 5.0
_LOGIN_BURST: Final = 10.0
_LOGINS_PER_S: Final = 1 / 6
_MAX_ADDRESSES: Final = 10_000
_WHOLE_TOKEN: Final = 1 - 1e-6
"""Amount that counts as one token: fractions of tokens do not add up to exactly 1 in floats."""
_IPV6_HOST_BITS: Final = 64


class TokenBucket:
    """A token bucket, full at first."""

    __slots__ = ("_capacity", "_tokens", "_tokens_per_s", "_updated_ms")

    def __init__(self, tokens_per_s: float, capacity: float) -> None:
        self._tokens_per_s = tokens_per_s
        self._capacity = capacity
        self._tokens = capacity
        self._updated_ms: Millis | None = None

    def wait_s(self, now_ms: Millis) -> int:
        """Return the whole seconds until there is a token; 0 if there is one."""
        # A clock that is set back adds no tokens. The bucket fills from the new time on, it does not wait
        # until the clock is back at the old one.
        if self._updated_ms is not None and now_ms > self._updated_ms:
            elapsed_s = (now_ms - self._updated_ms) / SECOND_MS
            self._tokens = min(self._capacity, self._tokens + elapsed_s * self._tokens_per_s)
        self._updated_ms = now_ms
        return 0 if self._tokens >= _WHOLE_TOKEN else math.ceil((1 - self._tokens) / self._tokens_per_s)

    def acquire(self, now_ms: Millis) -> int:
        """Remove a token and return 0; if there is none, return the whole seconds until there is."""
        wait_s = self.wait_s(now_ms)
        if not wait_s:
            self._tokens -= 1
        return wait_s


class RateLimits:
    """The limits of all cameras, in events per second, and of all addresses."""

    def __init__(self, events_per_s: Mapping[str, float]) -> None:
        self._camera_buckets = {
            camera_id: TokenBucket(rate, max(rate * _BURST_S, _MIN_BURST))
            for camera_id, rate in events_per_s.items()
        }
        self._address_buckets: OrderedDict[str, TokenBucket] = OrderedDict()

    def acquire_event(self, camera_id: str, now_ms: Millis) -> int:
        """Count an event of a camera and return 0, or return the whole seconds that it has to wait."""
        return self._camera_buckets[camera_id].acquire(now_ms)

    def login_wait_s(self, address: str, now_ms: Millis) -> int:
        """Return the whole seconds that an address has to wait after too many failed logins; 0 for none.

        An IPv6 address counts as its /64, which is what one host gets (RFC 6177).
        """
        bucket = self._address_buckets.get(_address_key(address))
        return bucket.wait_s(now_ms) if bucket is not None else 0

    def record_failed_login(self, address: str, now_ms: Millis) -> None:
        """Count a failed login from an address. The counts of the last 10,000 addresses are kept."""
        key = _address_key(address)
        bucket = self._address_buckets.get(key)
        if bucket is None:
            bucket = self._address_buckets[key] = TokenBucket(_LOGINS_PER_S, _LOGIN_BURST)
            if len(self._address_buckets) > _MAX_ADDRESSES:
                self._address_buckets.popitem(last=False)
        self._address_buckets.move_to_end(key)
        bucket.acquire(now_ms)


def _address_key(address: str) -> str:
    """Return what counts as one address: IPv4 as it is, the first 64 bits of IPv6, other text as it is."""
    if ":" not in address:
        return address
    try:
        ipv6 = IPv6Address(address)
    except ValueError:
        return address
    if ipv6.ipv4_mapped is not None:
        return str(ipv6.ipv4_mapped)
    return str(IPv6Address(int(ipv6) >> _IPV6_HOST_BITS << _IPV6_HOST_BITS)) + "/64"
