"""Budgets of false hits: what is told with one is told without; nothing sure is missed; all is counted."""

from typing import NamedTuple

from hypothesis import event, given
from hypothesis import strategies as st

from streams.correlation.budget import ALWAYS_EMIT_POSTERIOR
from streams.records.hit import Hit
from tests.unit.correlation.test_budget import Line, at


class Seen(NamedTuple):
    """A read with a posterior, of one of a few alerts, some hours after the day began."""

    name: str
    posterior: float | None
    hours: float
    alert_id: str


@st.composite
def days(draw: st.DrawFn) -> list[Seen]:
    """Reads in the order of their time, over the end of a day; few of them of one passage."""
    posteriors = st.one_of(st.floats(0, 1), st.floats(0.985, 1))
    hours = sorted(draw(st.lists(st.integers(0, 30 * 120), min_size=1, max_size=25)))
    seen = [
        Seen(f"r{number}", draw(posteriors), half / 120, draw(st.sampled_from("abcdefgh")))
        for number, half in enumerate(hours)
    ]
    # Reads of one alert have all a posterior or none.
    return [each._replace(posterior=None) if each.alert_id == "h" else each for each in seen]


budgets = st.floats(0.001, 6)


def run(line: Line, seen: list[Seen]) -> list[Hit]:
    """All revisions of reads one after the other."""
    return [
        hit
        for each in seen
        for hit in line.read(each.name, each.posterior, each.hours, alert_id=each.alert_id)
    ]


def standing(hits: list[Hit]) -> set[str]:
    """The reads whose hits stand."""
    latest = {hit.hit_id: hit for hit in hits}
    return {hit.read.read_id for hit in latest.values() if hit.kind != "withdrawn"}


@given(days(), budgets)
def test_a_passage_is_told_as_without_a_budget_or_withheld_and_counted(
    seen: list[Seen], budget: float
) -> None:
    line, free = Line(sis=budget), Line()
    stands, all_stand = standing(run(line, seen)), standing(run(free, seen))
    withheld = sum(line.withheld().values())
    event(f"withheld: {'some' if withheld else 'none'}")
    assert stands <= all_stand
    assert len(stands) + withheld == len(all_stand)


@given(days(), budgets)
def test_no_sure_hit_is_withheld_and_what_is_not_sure_keeps_to_the_budget(
    seen: list[Seen], budget: float
) -> None:
    line = Line(sis=budget)
    stands = standing(run(line, seen))
    of = {each.name: each for each in seen}
    cost: dict[int, float] = {}
    for name in stands:
        posterior = of[name].posterior
        if posterior is not None and posterior < ALWAYS_EMIT_POSTERIOR:
            day = int(of[name].hours // 24)
            cost[day] = cost.get(day, 0) + 1 - posterior
    # A millionth a hit, for sums are in whole millionths.
    assert all(each <= budget + 1e-6 * len(seen) for each in cost.values())
    told = {of[name].alert_id for name in stands}
    assert all(each.alert_id in told for each in seen if (each.posterior or 0) >= ALWAYS_EMIT_POSTERIOR)


@given(days(), budgets, st.integers(0, 24))
def test_the_lowest_posterior_rises_as_the_budget_goes_and_is_never_above_sure(
    seen: list[Seen], budget: float, hour: int
) -> None:
    line = Line(sis=budget)
    moment, least = at(min(hour, 23)), 0.0
    # Each of an alert of its own, so that no better read takes the place of another.
    for number, each in enumerate(seen):
        line.read(each.name, each.posterior, min(each.hours, 23.9), alert_id=f"a{number}")
        now = line.correlator._state.budgets.min_posterior("sis", moment)
        assert least <= now <= ALWAYS_EMIT_POSTERIOR
        least = now


@given(days(), budgets, st.data())
def test_who_takes_over_goes_on_as_the_one_before(
    seen: list[Seen], budget: float, data: st.DataObject
) -> None:
    # Each of an alert of its own: a better read lowers what was spent, and then another may be let through.
    seen = [each._replace(alert_id=f"a{number}") for number, each in enumerate(seen)]
    lost = data.draw(st.integers(0, len(seen)))
    unbroken, broken = Line(sis=budget), Line(sis=budget)
    hits = run(unbroken, seen)
    first = run(broken, seen[:lost])
    assert broken.take_over(seen[lost - 1].hours if lost else 0) == []
    assert first + run(broken, seen[lost:]) == hits
    assert broken.withheld() == unbroken.withheld()
