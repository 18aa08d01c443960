"""Budgets of false hits for any sequence of reads: a budget only suppresses hits, and never a certain one."""

from typing import NamedTuple

from hypothesis import event, given
from hypothesis import strategies as st

from streams.correlation.budget import ALWAYS_EMIT_POSTERIOR
from streams.records.hit import Hit
from tests.support.budgeted_correlator import BudgetedCorrelator, at


class ScoredRead(NamedTuple):
    """A read with a posterior, of one of a few alerts, at a time in hours after the beginning of the day."""

    name: str
    posterior: float | None
    hours: float
    alert_id: str


@st.composite
def days(draw: st.DrawFn) -> list[ScoredRead]:
    """Draw reads in event time, past the end of a day; few of them form a passage."""
    posteriors = st.one_of(st.floats(0, 1), st.floats(0.985, 1))
    half_minutes = sorted(draw(st.lists(st.integers(0, 30 * 120), min_size=1, max_size=25)))
    reads = [
        ScoredRead(f"r{number}", draw(posteriors), half / 120, draw(st.sampled_from("abcdefgh")))
        for number, half in enumerate(half_minutes)
    ]
    # Either all reads of an alert have a posterior, or none has.
    return [read._replace(posterior=None) if read.alert_id == "h" else read for read in reads]


budgets = st.floats(0.001, 6)


def run(line: BudgetedCorrelator, reads: list[ScoredRead]) -> list[Hit]:
    """Return all revisions after reads, one after the other."""
    return [
        hit
        for read in reads
        for hit in line.read(read.name, read.posterior, read.hours, alert_id=read.alert_id)
    ]


def active_reads(hits: list[Hit]) -> set[str]:
    """Return the reads whose hits are active."""
    latest = {hit.hit_id: hit for hit in hits}
    return {hit.read.read_id for hit in latest.values() if hit.kind != "withdrawn"}


@given(days(), budgets)
def test_a_passage_is_emitted_as_without_a_budget_or_suppressed_and_counted(
    reads: list[ScoredRead], budget: float
) -> None:
    limited, unlimited = BudgetedCorrelator(sis=budget), BudgetedCorrelator()
    active, all_active = active_reads(run(limited, reads)), active_reads(run(unlimited, reads))
    suppressed = sum(limited.suppressed_counts().values())
    event(f"suppressed: {'some' if suppressed else 'none'}")
    assert active <= all_active
    assert len(active) + suppressed == len(all_active)


@given(days(), budgets)
def test_no_certain_hit_is_suppressed_and_the_others_stay_within_the_budget(
    reads: list[ScoredRead], budget: float
) -> None:
    active = active_reads(run(BudgetedCorrelator(sis=budget), reads))
    by_name = {read.name: read for read in reads}
    used: dict[int, float] = {}
    for name in active:
        posterior = by_name[name].posterior
        if posterior is not None and posterior < ALWAYS_EMIT_POSTERIOR:
            day = int(by_name[name].hours // 24)
            used[day] = used.get(day, 0) + 1 - posterior
    # With a tolerance of a millionth per hit, because sums are in whole millionths.
    assert all(amount <= budget + 1e-6 * len(reads) for amount in used.values())
    active_alerts = {by_name[name].alert_id for name in active}
    assert all(
        read.alert_id in active_alerts for read in reads if (read.posterior or 0) >= ALWAYS_EMIT_POSTERIOR
    )


@given(days(), budgets, st.integers(0, 24))
def test_the_minimum_posterior_rises_as_the_budget_is_used_up_to_that_of_certain_hits(
    reads: list[ScoredRead], budget: float, hour: int
) -> None:
    line = BudgetedCorrelator(sis=budget)
    at_ms, previous = at(min(hour, 23)), 0.0
    # With an alert for each read, no better read replaces another.
    for number, read in enumerate(reads):
        line.read(read.name, read.posterior, min(read.hours, 23.9), alert_id=f"a{number}")
        minimum = line.correlator._state.budgets.min_posterior("sis", at_ms)
        assert previous <= minimum <= ALWAYS_EMIT_POSTERIOR
        previous = minimum


@given(days(), budgets, st.data())
def test_a_restored_correlator_continues_like_the_one_before(
    reads: list[ScoredRead], budget: float, data: st.DataObject
) -> None:
    # With an alert for each read: a better read would lower the budget used, and let another one through.
    reads = [read._replace(alert_id=f"a{number}") for number, read in enumerate(reads)]
    lost = data.draw(st.integers(0, len(reads)))
    unbroken, broken = BudgetedCorrelator(sis=budget), BudgetedCorrelator(sis=budget)
    hits = run(unbroken, reads)
    first_hits = run(broken, reads[:lost])
    assert broken.take_over(reads[lost - 1].hours if lost else 0) == []
    assert first_hits + run(broken, reads[lost:]) == hits
    assert broken.suppressed_counts() == unbroken.suppressed_counts()
