"""What a list is expected to cost: more of it costs more, stricter ones less, and drawn vehicles agree."""

from itertools import islice, pairwise
from random import Random

import pytest

from streams.matching.config import ListPolicy, MatchingPolicy, Policies
from streams.matching.country_guard import Refusal
from streams.matching.forecast.expectation import Expectation
from streams.matching.forecast.known_reads import known, shipped_reads
from streams.matching.forecast.sample import Plates, sampled
from streams.matching.forecast.traffic import PER_READS, Traffic
from streams.matching.matcher import Judge
from streams.plates.fleets import shipped_fleets
from streams.records.alert import Mode
from tests.support.builders import alert, read

# A part of the known reads, for a test is to be quick; of one country.
KNOWN = known([pair for pair in shipped_reads().reads if pair.country == "BE"][::4])


def expectation(
    mode: Mode = "confusable", least: float | None = None, reads: dict[str, int] | None = None
) -> Expectation:
    """What expects for the list `sis`."""
    lists = {"sis": ListPolicy(mode=mode, min_posterior=least)}
    policies = Policies(lists, MatchingPolicy(reads_per_day=reads or {}))
    return Expectation(policies, Judge(policies), KNOWN)


def plates(*texts: str, country: str | None = "BE") -> Plates:
    """A list of plates."""
    found = Plates()
    for number, text in enumerate(texts):
        found.add(alert(text, country, alert_id=f"a{number}"))
    return found


PLATES = ("1-ABC-123", "2-BDF-508", "1-GHJ-774", "1-QOD-001")


def test_twice_the_list_costs_twice_as_much_and_an_empty_one_nothing() -> None:
    expects = expectation()
    once = expects.of(plates(*PLATES)).false_hits
    assert once > 0
    assert expects.of(plates(*PLATES, *PLATES)).false_hits == pytest.approx(2 * once)
    assert expects.of(plates()).false_hits == 0


def test_a_wider_mode_costs_more() -> None:
    costs = [expectation(mode).of(plates(*PLATES)).false_hits for mode in ("exact", "confusable")]
    assert costs[0] < costs[1]
    assert expectation("pattern").of(plates(*PLATES)).false_hits == pytest.approx(costs[0])


def test_a_higher_posterior_costs_less() -> None:
    for mode in ("exact", "confusable", "fuzzy"):
        expects = expectation(mode, 0.05)
        costs = [expects.of(plates(*PLATES), least).false_hits for least in (0.05, 0.3, 0.5, 0.8, 0.95, 0.99)]
        assert all(more >= less for more, less in pairwise(costs)), mode
        assert costs[0] > costs[-1] > 0


def test_a_day_costs_by_its_reads_and_only_countries_that_pass() -> None:
    expects = expectation(reads={"BE": 500_000, "FR": 500_000})
    expected = expects.of(plates(*PLATES))
    assert expected.per_day == pytest.approx(10 * expected.false_hits)
    alone = expectation(reads={"BE": 500_000}).of(plates(*PLATES))
    assert alone.per_day == pytest.approx(expected.per_day)
    assert alone.false_hits == pytest.approx(2 * expected.false_hits)
    assert expectation(reads={"FR": 500_000}).of(plates(*PLATES)).per_day == 0
    assert expectation().of(plates(*PLATES)).per_day is None


def test_an_alert_narrows_its_list() -> None:
    def cost(**match: object) -> float:
        found = Plates()
        found.add(alert("1-ABC-508", "BE", match=match) if match else alert("1-ABC-508", "BE"))
        return expectation().of(found).false_hits

    assert cost(mode="exact") < cost()
    assert cost(min_posterior=0.9) < cost()


def test_a_plate_without_country_costs_in_every_country_it_may_be_of() -> None:
    expects = expectation()
    one, any_ = (expects.of(plates("AB-123-CD", country=each)).false_hits for each in ("FR", None))
    assert any_ > one > 0


def test_the_least_posterior_within_a_budget_is_within_it_and_the_step_below_is_not() -> None:
    expects = expectation("fuzzy", reads={"BE": 1_000_000})
    budget = (expects.of(plates(*PLATES), 0.3).per_day or 0) / 2
    least = expects.least_within(plates(*PLATES), budget)
    assert least is not None
    assert (expects.of(plates(*PLATES), least).per_day or 0) <= budget
    assert (expects.of(plates(*PLATES), least - 0.05).per_day or 0) > budget
    assert expects.least_within(plates(*PLATES), 0.0) is None
    assert expectation().least_within(plates(*PLATES), 1.0) is None


def test_of_a_long_list_a_sample_is_looked_at_and_how_near_it_is_said() -> None:
    expects = expectation("exact")
    drawn = [plate for plate, _ in islice(Traffic(shipped_fleets(), {"BE": 1}).plates(Random(1)), 900)]
    found = expects.of(plates(*drawn))
    halves = [Plates(), Plates()]
    for number, text in enumerate(drawn):
        halves[number % 2].add(alert(text, "BE", alert_id=f"a{number}"))
    both = sum(expects.of(half).false_hits for half in halves)
    assert 0 < found.spread < found.false_hits / 5
    assert found.false_hits == pytest.approx(both, abs=4 * found.spread)


def test_lists_are_told_apart() -> None:
    lists = sampled([alert("AB-123-CD"), alert("AB-12?-CD"), alert("EF-456-GH", list_id="be")])
    assert {name: (each.count, each.patterns.count) for name, each in lists.items()} == {
        "sis": (1, 1),
        "be": (1, 0),
    }


def test_drawn_vehicles_read_right_are_taken_for_listed_ones_as_often_as_expected() -> None:
    """The greatest part of what confusable reads cost: other vehicles whose plates are confusable."""
    expects = expectation(reads={"BE": 1})
    listed = plates(*PLATES)
    texts = [text for each in PLATES for text in expects._texts(each.replace("-", ""))]
    judge, alerts = Judge(Policies()), listed.whole["BE"].alerts
    density = shipped_fleets().density
    # The vehicles that have a confusable plate, each of which is read so now and then.
    others = sum(
        density(text, "BE")
        for text in texts
        if any(not isinstance(judge.judge(read(text, "BE"), each), Refusal) for each in alerts)
    )
    counted = PER_READS * others / shipped_fleets().vehicles("BE")
    found = expects.of(listed).false_hits
    assert 0.8 * counted < found < 1.3 * counted


def test_vehicles_that_fit_a_pattern_are_counted_apart_from_false_hits() -> None:
    expects = expectation(reads={"BE": 1})
    expected = expects.of(plates("1-AB?-*"))
    assert expected.false_hits == 0
    share = (
        sum(plate.startswith("1AB") for plate, _ in islice(expects.traffic.plates(Random(2)), 200_000))
        / 200_000
    )
    assert expected.fitting == pytest.approx(PER_READS * share, rel=0.15)
    assert expects.of(plates("1-*")).fitting == 0  # too broad, so it is not used
    assert expectation("exact").of(plates("1-AB?-*")).fitting == 0
    assert expectation(reads={"FR": 1}).of(plates("1-AB?-*")).fitting == 0


def test_traffic_is_as_the_fleets_unless_an_operator_says() -> None:
    fleets = shipped_fleets()
    as_fleets, said = Traffic(fleets, {}), Traffic(fleets, {"FR": 300_000, "BE": 100_000})
    assert as_fleets.passes("FR") == pytest.approx(as_fleets.passes("BE"))
    assert sum(as_fleets.shares.values()) == pytest.approx(1)
    assert as_fleets.reads_per_day is None
    assert said.reads_per_day == 400_000
    assert said.passes("FR") == pytest.approx(75_000 / fleets.vehicles("FR"))
    assert said.passes("DE") == 0
