"""The forecast of false hits: larger lists cost more, stricter ones less, and sampled vehicles agree."""

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

# A part of the known reads of one country, for speed.
KNOWN_READS = known_reads_from_pairs(
    [pair for pair in builtin_known_reads().reads if pair.country == "BE"][::4]
)


def forecast(
    mode: MatchMode = "confusable", minimum: float | None = None, reads: dict[str, int] | None = None
) -> FalseHitForecast:
    """A forecast for the list `sis`."""
    lists = {"sis": ListConfig(mode=mode, min_posterior=minimum)}
    rules = MatchingRules(lists, MatchingConfig(reads_per_day=reads or {}))
    return FalseHitForecast(rules, Matcher(rules), KNOWN_READS)


def plates(*texts: str, country: str | None = "BE") -> PlateSamples:
    """A list of plates."""
    samples = PlateSamples()
    for number, text in enumerate(texts):
        samples.add(an_alert(text, country, alert_id=f"a{number}"))
    return samples


PLATES = ("1-ABC-123", "2-BDF-508", "1-GHJ-774", "1-QOD-001")


def test_twice_the_list_costs_twice_as_much_and_an_empty_list_nothing() -> None:
    forecaster = forecast()
    once = forecaster.for_plates(plates(*PLATES)).false_hits
    assert once > 0
    assert forecaster.for_plates(plates(*PLATES, *PLATES)).false_hits == pytest.approx(2 * once)
    assert forecaster.for_plates(plates()).false_hits == 0


def test_a_wider_mode_costs_more() -> None:
    costs = [forecast(mode).for_plates(plates(*PLATES)).false_hits for mode in ("exact", "confusable")]
    assert costs[0] < costs[1]
    assert forecast("pattern").for_plates(plates(*PLATES)).false_hits == pytest.approx(costs[0])


def test_a_higher_posterior_costs_less() -> None:
    for mode in ("exact", "confusable", "fuzzy"):
        forecaster = forecast(mode, 0.05)
        costs = [
            forecaster.for_plates(plates(*PLATES), minimum).false_hits
            for minimum in (0.05, 0.3, 0.5, 0.8, 0.95, 0.99)
        ]
        assert all(more >= less for more, less in pairwise(costs)), mode
        assert costs[0] > costs[-1] > 0


def test_false_hits_per_day_follow_the_reads_of_each_country() -> None:
    forecaster = forecast(reads={"BE": 500_000, "FR": 500_000})
    expected = forecaster.for_plates(plates(*PLATES))
    assert expected.false_hits_per_day == pytest.approx(10 * expected.false_hits)
    alone = forecast(reads={"BE": 500_000}).for_plates(plates(*PLATES))
    assert alone.false_hits_per_day == pytest.approx(expected.false_hits_per_day)
    assert alone.false_hits == pytest.approx(2 * expected.false_hits)
    assert forecast(reads={"FR": 500_000}).for_plates(plates(*PLATES)).false_hits_per_day == 0
    assert forecast().for_plates(plates(*PLATES)).false_hits_per_day is None


def test_an_alert_narrows_the_rules_of_its_list() -> None:
    def cost(**match: object) -> float:
        found = PlateSamples()
        found.add(an_alert("1-ABC-508", "BE", match=match) if match else an_alert("1-ABC-508", "BE"))
        return forecast().for_plates(found).false_hits

    assert cost(mode="exact") < cost()
    assert cost(min_posterior=0.9) < cost()


def test_a_plate_without_country_costs_in_each_possible_country() -> None:
    forecaster = forecast()
    french, anywhere = (
        forecaster.for_plates(plates("AB-123-CD", country=country)).false_hits for country in ("FR", None)
    )
    assert anywhere > french > 0


def test_the_minimum_posterior_within_a_budget_is_the_lowest() -> None:
    forecaster = forecast("fuzzy", reads={"BE": 1_000_000})
    budget = (forecaster.for_plates(plates(*PLATES), 0.3).false_hits_per_day or 0) / 2
    minimum = forecaster.min_posterior_within(plates(*PLATES), budget)
    assert minimum is not None
    assert (forecaster.for_plates(plates(*PLATES), minimum).false_hits_per_day or 0) <= budget
    assert (forecaster.for_plates(plates(*PLATES), minimum - 0.05).false_hits_per_day or 0) > budget
    assert forecaster.min_posterior_within(plates(*PLATES), 0.0) is None
    assert forecast().min_posterior_within(plates(*PLATES), 1.0) is None


def test_a_long_list_is_sampled_with_a_standard_error() -> None:
    forecaster = forecast("exact")
    sampled = [
        plate for plate, _ in islice(Traffic(builtin_fleets(), {"BE": 1}).sample_plates(Random(1)), 900)
    ]
    found = forecaster.for_plates(plates(*sampled))
    halves = [PlateSamples(), PlateSamples()]
    for number, text in enumerate(sampled):
        halves[number % 2].add(an_alert(text, "BE", alert_id=f"a{number}"))
    both = sum(forecaster.for_plates(half).false_hits for half in halves)
    assert 0 < found.standard_error < found.false_hits / 5
    assert found.false_hits == pytest.approx(both, abs=4 * found.standard_error)


def test_samples_are_by_list() -> None:
    lists = sample_alerts([an_alert("AB-123-CD"), an_alert("AB-12?-CD"), an_alert("EF-456-GH", list_id="be")])
    assert {name: (samples.count, samples.patterns.count) for name, samples in lists.items()} == {
        "sis": (1, 1),
        "be": (1, 0),
    }


def test_sampled_vehicles_are_taken_for_listed_ones_as_often_as_forecast() -> None:
    """Most false hits of mode `confusable` are other vehicles whose plates are confusable."""
    forecaster = forecast(reads={"BE": 1})
    listed = plates(*PLATES)
    texts = [text for plate in PLATES for text in forecaster._confusable_texts(plate.replace("-", ""))]
    matcher, alerts = Matcher(MatchingRules()), listed.by_country["BE"].alerts
    density = builtin_fleets().density
    # The vehicles that have a confusable plate.
    others = sum(
        density(text, "BE")
        for text in texts
        if any(not isinstance(matcher.match(a_read(text, "BE"), alert), NoMatch) for alert in alerts)
    )
    counted = REFERENCE_READS * others / builtin_fleets().vehicle_count("BE")
    found = forecaster.for_plates(listed).false_hits
    assert 0.8 * counted < found < 1.3 * counted


def test_vehicles_that_fit_a_pattern_are_not_false_hits() -> None:
    forecaster = forecast(reads={"BE": 1})
    expected = forecaster.for_plates(plates("1-AB?-*"))
    assert expected.false_hits == 0
    share = (
        sum(
            plate.startswith("1AB")
            for plate, _ in islice(forecaster.traffic.sample_plates(Random(2)), 200_000)
        )
        / 200_000
    )
    assert expected.pattern_reads == pytest.approx(REFERENCE_READS * share, rel=0.15)
    assert forecaster.for_plates(plates("1-*")).pattern_reads == 0  # too broad, matches nothing
    assert forecast("exact").for_plates(plates("1-AB?-*")).pattern_reads == 0
    assert forecast(reads={"FR": 1}).for_plates(plates("1-AB?-*")).pattern_reads == 0


def test_traffic_follows_the_fleets_unless_configured() -> None:
    fleets = builtin_fleets()
    as_fleets, configured = Traffic(fleets, {}), Traffic(fleets, {"FR": 300_000, "BE": 100_000})
    assert as_fleets.reads_per_vehicle("FR") == pytest.approx(as_fleets.reads_per_vehicle("BE"))
    assert sum(as_fleets.shares.values()) == pytest.approx(1)
    assert as_fleets.reads_per_day is None
    assert configured.reads_per_day == 400_000
    assert configured.reads_per_vehicle("FR") == pytest.approx(75_000 / fleets.vehicle_count("FR"))
    assert configured.reads_per_vehicle("DE") == 0
