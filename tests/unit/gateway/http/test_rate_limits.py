"""Limits: the long-run rate is never passed, and who keeps to it never waits."""

from hypothesis import given
from hypothesis import strategies as st

from streams.gateway.http.rate_limits import RateLimits

NOW = 1_779_400_000_000


@given(st.floats(0.1, 1000), st.lists(st.integers(0, 5000), max_size=200))
def test_no_more_than_the_rate_and_its_burst(rate: float, steps: list[int]) -> None:
    limits, now, taken = RateLimits({"c": rate}), NOW, 0
    for step in steps:
        now += step
        taken += limits.acquire_event("c", now) == 0
    assert taken <= max(2 * rate, 5) + (now - NOW) / 1000 * rate + 1


@given(st.floats(0.1, 1000))
def test_who_keeps_to_the_rate_never_waits_and_who_waits_as_told_may_send(rate: float) -> None:
    limits = RateLimits({"c": rate, "d": rate})
    step = 1000 / rate
    assert all(limits.acquire_event("c", NOW + int(number * step) + number) == 0 for number in range(50))
    while not (wait := limits.acquire_event("d", NOW)):
        pass
    assert limits.acquire_event("d", NOW + wait * 1000) == 0


def test_a_clock_that_is_set_back_gives_nothing() -> None:
    limits = RateLimits({"c": 1.0})
    assert [limits.acquire_event("c", NOW - number * 1000) == 0 for number in range(6)] == [True] * 5 + [
        False
    ]


def test_a_clock_that_was_ahead_and_is_set_right_holds_nobody_up() -> None:
    limits = RateLimits({"c": 1.0})
    while not limits.acquire_event("c", NOW + 86_400_000):
        pass
    limits.acquire_event("c", NOW)
    assert limits.acquire_event("c", NOW + 1_000) == 0


def test_ten_wrong_logins_then_one_each_six_seconds() -> None:
    limits = RateLimits({})
    for _ in range(10):
        assert limits.login_wait_s("a", NOW) == 0
        limits.record_failed_login("a", NOW)
    assert limits.login_wait_s("a", NOW) > 0
    assert limits.login_wait_s("b", NOW) == 0
    assert limits.login_wait_s("a", NOW + 6_100) == 0
    limits.record_failed_login("a", NOW + 6_100)
    assert 0 < limits.login_wait_s("a", NOW + 6_100) <= 6


def test_addresses_of_one_host_count_as_one() -> None:
    limits = RateLimits({})
    for number in range(10):
        limits.record_failed_login(f"2001:db8:0:1::{number:x}", NOW)
        limits.record_failed_login("::ffff:192.0.2.1", NOW)
    assert limits.login_wait_s("2001:db8:0:1:ffff::1", NOW) > 0
    assert limits.login_wait_s("2001:db8:0:2::1", NOW) == 0
    assert limits.login_wait_s("192.0.2.1", NOW) > 0
    assert limits.login_wait_s("192.0.2.2", NOW) == 0


@given(st.text())
def test_any_text_is_an_address(address: str) -> None:
    limits = RateLimits({})
    for _ in range(10):
        limits.record_failed_login(address, NOW)
    assert 0 < limits.login_wait_s(address, NOW) <= 6


def test_addresses_do_not_fill_the_memory() -> None:
    limits = RateLimits({})
    for _ in range(10):
        limits.record_failed_login("first", NOW)
    for number in range(10_000):
        limits.record_failed_login(str(number), NOW)
    assert limits.login_wait_s("first", NOW) == 0
