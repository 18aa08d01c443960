"""What a list is expected to cost: more of it costs more, stricter ones less, and drawn vehicles agree."""

from itertools import islice, pairwise
from random import Random

import pytest

from streams.matching.config import ListConfig, MatchingConfig, MatchingRules
from streams.matching.forecast.expectation import FalseHitForecast
from streams.matching.forecast.known_reads import builtin_known_reads, known_reads_from_pairs
from streams.matching.forecast.sample import PlateSamples, sample_alerts
from streams.matching.forecast.traffic import REFERENCE_READS, Traffic
from streams.matching.matcher import Matcher
from streams.matching.no_match import NoMatch
from streams.plates.fleets import builtin_fleets
from streams.records.alert import MatchMode
from tests.support.builders import a_read, an_alert

# A part of the known reads, for a test is to be quick; of one country.
KNOWN = known_reads_from_pairs([pair for pair in builtin_known_reads().reads if pair.country == "BE"][::4])


def expectation(
    mode: MatchMode = "confusable", least: float | None = None, reads: dict[str, int] | None = None
) -> FalseHitForecast:
    """What expects for the list `sis`."""
    lists = {"sis": ListConfig(mode=mode, min_posterior=least)}
    policies = MatchingRules(lists, MatchingConfig(reads_per_day=reads or {}))
    return FalseHitForecast(policies, Matcher(policies), KNOWN)


def plates(*texts: str, country: str | None = "BE") -> PlateSamples:
    """A list of plates."""
    found = PlateSamples()
    for number, text in enumerate(texts):
        found.add(an_alert(text, country, alert_id=f"a{number}"))
    return found


PLATES = ("1-ABC-123", "2-BDF-508", "1-GHJ-774", "1-QOD-001")


def test_twice_the_list_costs_twice_as_much_and_an_empty_one_nothing() -> None:
    expects = expectation()
    once = expects.for_plates(plates(*PLATES)).false_hits
    assert once > 0
    assert expects.for_plates(plates(*PLATES, *PLATES)).false_hits == pytest.approx(2 * once)
    assert expects.for_plates(plates()).false_hits == 0


def test_a_wider_mode_costs_more() -> None:
    costs = [expectation(mode).for_plates(plates(*PLATES)).false_hits for mode in ("exact", "confusable")]
    assert costs[0] < costs[1]
    assert expectation("pattern").for_plates(plates(*PLATES)).false_hits == pytest.approx(costs[0])


def test_a_higher_posterior_costs_less() -> None:
    for mode in ("exact", "confusable", "fuzzy"):
        expects = expectation(mode, 0.05)
        costs = [
            expects.for_plates(plates(*PLATES), least).false_hits
            for least in (0.05, 0.3, 0.5, 0.8, 0.95, 0.99)
        ]
        assert all(more >= less for more, less in pairwise(costs)), mode
        assert costs[0] > costs[-1] > 0


def test_a_day_costs_by_its_reads_and_only_countries_that_pass() -> None:
    expects = expectation(reads={"BE": 500_000, "FR": 500_000})
    expected = expects.for_plates(plates(*PLATES))
    assert expected.false_hits_per_day == pytest.approx(10 * expected.false_hits)
    alone = expectation(reads={"BE": 500_000}).for_plates(plates(*PLATES))
    assert alone.false_hits_per_day == pytest.approx(expected.false_hits_per_day)
    assert alone.false_hits == pytest.approx(2 * expected.false_hits)
    assert expectation(reads={"FR": 500_000}).for_plates(plates(*PLATES)).false_hits_per_day == 0
    assert expectation().for_plates(plates(*PLATES)).false_hits_per_day is None


def test_an_alert_narrows_its_list() -> None:
    def cost(**match: object) -> float:
        found = PlateSamples()
        found.add(an_alert("1-ABC-508", "BE", match=match) if match else an_alert("1-ABC-508", "BE"))
        return expectation().for_plates(found).false_hits

    assert cost(mode="exact") < cost()
    assert cost(min_posterior=0.9) < cost()


def test_a_plate_without_country_costs_in_every_country_it_may_be_of() -> None:
    expects = expectation()
    one, any_ = (expects.for_plates(plates("AB-123-CD", country=each)).false_hits for each in ("FR", None))
    assert any_ > one > 0


def test_the_least_posterior_within_a_budget_is_within_it_and_the_step_below_is_not() -> None:
    expects = expectation("fuzzy", reads={"BE": 1_000_000})
    budget = (expects.for_plates(plates(*PLATES), 0.3).false_hits_per_day or 0) / 2
    least = expects.min_posterior_within(plates(*PLATES), budget)
    assert least is not None
    assert (expects.for_plates(plates(*PLATES), least).false_hits_per_day or 0) <= budget
    assert (expects.for_plates(plates(*PLATES), least - 0.05).false_hits_per_day or 0) > budget
    assert expects.min_posterior_within(plates(*PLATES), 0.0) is None
    assert expectation().min_posterior_within(plates(*PLATES), 1.0) is None


def test_of_a_long_list_a_sample_is_looked_at_and_how_near_it_is_said() -> None:
    expects = expectation("exact")
    drawn = [plate for plate, _ in islice(Traffic(builtin_fleets(), {"BE": 1}).sample_plates(Random(1)), 900)]
    found = expects.for_plates(plates(*drawn))
    halves = [PlateSamples(), PlateSamples()]
    for number, text in enumerate(drawn):
        halves[number % 2].add(an_alert(text, "BE", alert_id=f"a{number}"))
    both = sum(expects.for_plates(half).false_hits for half in halves)
    assert 0 < found.standard_error < found.false_hits / 5
    assert found.false_hits == pytest.approx(both, abs=4 * found.standard_error)


def test_lists_are_told_apart() -> None:
    lists = sample_alerts([an_alert("AB-123-CD"), an_alert("AB-12?-CD"), an_alert("EF-456-GH", list_id="be")])
    assert {name: (each.count, each.patterns.count) for name, each in lists.items()} == {
        "sis": (1, 1),
        "be": (1, 0),
    }


def test_drawn_vehicles_read_right_are_taken_for_listed_ones_as_often_as_expected() -> None:
    """The greatest part of what confusable reads cost: other vehicles whose plates are confusable."""
    expects = expectation(reads={"BE": 1})
    listed = plates(*PLATES)
    texts = [text for each in PLATES for text in expects._confusable_texts(each.replace("-", ""))]
    judge, alerts = Matcher(MatchingRules()), listed.by_country["BE"].alerts
    density = builtin_fleets().density
    # The vehicles that have a confusable plate, each of which is read so now and then.
    others = sum(
        density(text, "BE")
        for text in texts
        if any(not isinstance(judge.match(a_read(text, "BE"), each), NoMatch) for each in alerts)
    )
    counted = REFERENCE_READS * others / builtin_fleets().vehicle_count("BE")
    found = expects.for_plates(listed).false_hits
    assert 0.8 * counted < found < 1.3 * counted


def test_vehicles_that_fit_a_pattern_are_counted_apart_from_false_hits() -> None:
    expects = expectation(reads={"BE": 1})
    expected = expects.for_plates(plates("1-AB?-*"))
    assert expected.false_hits == 0
    share = (
        sum(plate.startswith("1AB") for plate, _ in islice(expects.traffic.sample_plates(Random(2)), 200_000))
        / 200_000
    )
    assert expected.pattern_reads == pytest.approx(REFERENCE_READS * share, rel=0.15)
    assert expects.for_plates(plates("1-*")).pattern_reads == 0  # too broad, so it is not used
    assert expectation("exact").for_plates(plates("1-AB?-*")).pattern_reads == 0
    assert expectation(reads={"FR": 1}).for_plates(plates("1-AB?-*")).pattern_reads == 0


def test_traffic_is_as_the_fleets_unless_an_operator_says() -> None:
    fleets = builtin_fleets()
    as_fleets, said = Traffic(fleets, {}), Traffic(fleets, {"FR": 300_000, "BE": 100_000})
    assert as_fleets.reads_per_vehicle("FR") == pytest.approx(as_fleets.reads_per_vehicle("BE"))
    assert sum(as_fleets.shares.values()) == pytest.approx(1)
    assert as_fleets.reads_per_day is None
    assert said.reads_per_day == 400_000
    assert said.reads_per_vehicle("FR") == pytest.approx(75_000 / fleets.vehicle_count("FR"))
    assert said.reads_per_vehicle("DE") == 0
