"""Rate limits: the average rate is never exceeded, and a sender that keeps to it never waits."""

from hypothesis import given
from hypothesis import strategies as st

from streams.gateway.http.rate_limits import RateLimits

NOW_MS = 1_779_400_000_000


@given(st.floats(0.1, 1000), st.lists(st.integers(0, 5000), max_size=200))
def test_no_more_events_than_the_rate_and_its_burst_are_accepted(rate: float, steps_ms: list[int]) -> None:
    limits, now_ms, accepted = RateLimits({"c": rate}), NOW_MS, 0
    for step_ms in steps_ms:
        now_ms += step_ms
        accepted += limits.acquire_event("c", now_ms) == 0
    assert accepted <= max(2 * rate, 5) + (now_ms - NOW_MS) / 1000 * rate + 1


@given(st.floats(0.1, 1000))
def test_a_sender_within_the_rate_never_waits_and_one_that_waited_is_accepted(rate: float) -> None:
    limits = RateLimits({"c": rate, "d": rate})
    step_ms = 1000 / rate
    assert all(limits.acquire_event("c", NOW_MS + int(index * step_ms) + index) == 0 for index in range(50))
    while not (wait_s := limits.acquire_event("d", NOW_MS)):
        pass
    assert limits.acquire_event("d", NOW_MS + wait_s * 1000) == 0


def test_a_clock_that_is_set_back_adds_no_tokens() -> None:
    limits = RateLimits({"c": 1.0})
    accepted = [limits.acquire_event("c", NOW_MS - seconds * 1000) == 0 for seconds in range(6)]
    assert accepted == [True] * 5 + [False]


def test_a_clock_that_was_ahead_and_is_corrected_blocks_no_sender() -> None:
    limits = RateLimits({"c": 1.0})
    while not limits.acquire_event("c", NOW_MS + 86_400_000):
        pass
    limits.acquire_event("c", NOW_MS)
    assert limits.acquire_event("c", NOW_MS + 1_000) == 0


def test_ten_failed_logins_are_allowed_and_then_one_every_six_seconds() -> None:
    limits = RateLimits({})
    for _ in range(10):
        assert limits.login_wait_s("a", NOW_MS) == 0
        limits.record_failed_login("a", NOW_MS)
    assert limits.login_wait_s("a", NOW_MS) > 0
    assert limits.login_wait_s("b", NOW_MS) == 0
    assert limits.login_wait_s("a", NOW_MS + 6_100) == 0
    limits.record_failed_login("a", NOW_MS + 6_100)
    assert 0 < limits.login_wait_s("a", NOW_MS + 6_100) <= 6


def test_addresses_of_one_host_count_as_one() -> None:
    limits = RateLimits({})
    for number in range(10):
        limits.record_failed_login(f"2001:db8:0:1::{number:x}", NOW_MS)
        limits.record_failed_login("::ffff:192.0.2.1", NOW_MS)
    assert limits.login_wait_s("2001:db8:0:1:ffff::1", NOW_MS) > 0
    assert limits.login_wait_s("2001:db8:0:2::1", NOW_MS) == 0
    assert limits.login_wait_s("192.0.2.1", NOW_MS) > 0
    assert limits.login_wait_s("192.0.2.2", NOW_MS) == 0


@given(st.text())
def test_any_text_may_be_an_address(address: str) -> None:
    limits = RateLimits({})
    for _ in range(10):
        limits.record_failed_login(address, NOW_MS)
    assert 0 < limits.login_wait_s(address, NOW_MS) <= 6


def test_the_number_of_remembered_addresses_is_limited() -> None:
    limits = RateLimits({})
    for _ in range(10):
        limits.record_failed_login("first", NOW_MS)
    for number in range(10_000):
        limits.record_failed_login(str(number), NOW_MS)
    assert limits.login_wait_s("first", NOW_MS) == 0
