"""Limits: the long-run rate is never passed, and who keeps to it never waits."""

from hypothesis import given
from hypothesis import strategies as st

from streams.gateway.limits import Limits

NOW = 1_779_400_000_000


@given(st.floats(0.1, 1000), st.lists(st.integers(0, 5000), max_size=200))
def test_no_more_than_the_rate_and_its_burst(rate: float, steps: list[int]) -> None:
    limits, now, taken = Limits({"c": rate}), NOW, 0
    for step in steps:
        now += step
        taken += limits.event("c", now) == 0
    assert taken <= max(2 * rate, 5) + (now - NOW) / 1000 * rate + 1


@given(st.floats(0.1, 1000))
def test_who_keeps_to_the_rate_never_waits_and_who_waits_as_told_may_send(rate: float) -> None:
    limits = Limits({"c": rate, "d": rate})
    step = 1000 / rate
    assert all(limits.event("c", NOW + int(number * step) + number) == 0 for number in range(50))
    while not (wait := limits.event("d", NOW)):
        pass
    assert limits.event("d", NOW + int(wait * 1000) + 1) == 0


def test_a_clock_that_is_set_back_gives_nothing() -> None:
    limits = Limits({"c": 1.0})
    assert [limits.event("c", NOW - number * 1000) == 0 for number in range(6)] == [True] * 5 + [False]


def test_ten_wrong_logins_then_one_each_six_seconds() -> None:
    limits = Limits({})
    for _ in range(10):
        assert limits.login("a", NOW) == 0
        limits.login_failed("a", NOW)
    assert limits.login("a", NOW) > 0
    assert limits.login("b", NOW) == 0
    assert limits.login("a", NOW + 6_100) == 0
    limits.login_failed("a", NOW + 6_100)
    assert 0 < limits.login("a", NOW + 6_100) <= 6


def test_addresses_do_not_fill_the_memory() -> None:
    limits = Limits({})
    for _ in range(10):
        limits.login_failed("first", NOW)
    for number in range(10_000):
        limits.login_failed(str(number), NOW)
    assert limits.login("first", NOW) == 0
    assert len(limits._addresses) == 10_000
