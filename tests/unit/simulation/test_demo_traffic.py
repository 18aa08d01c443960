"""Traffic: the same for the same seed, of the shares asked for, and with the truth about every record."""

from collections import Counter
from collections.abc import Iterable
from contextlib import suppress
from itertools import groupby, pairwise
from typing import Any, Final

import pytest

from streams.plates.normal_form import PlateError, normalise
from streams.records.alert import MatchMode
from streams.records.decode import decode_reads
from streams.records.read import Read
from streams.records.times import to_ms
from streams.simulation.cameras import SimulatedCamera, find_crossings
from streams.simulation.demo_listed import listed
from streams.simulation.demo_traffic import Mix, Sent, Traffic
from tests.support.builders import NOON

BEGIN: Final = to_ms(NOON)
CAMERAS: Final = [
    SimulatedCamera("f1", "f", "FR", 50.770, 3.155),
    SimulatedCamera("f2", "f", "FR", 50.770, 3.155),
    SimulatedCamera("b1", "b", "BE", 50.784, 3.159),
    SimulatedCamera("g1", "g", "FR", 50.598, 3.257),
    SimulatedCamera("c1", "c", "BE", 50.603, 3.285),
]
LISTS: Final[dict[str, MatchMode]] = {"sis-36": "confusable", "mine": "exact", "joint": "pattern"}
LISTED: Final = listed(LISTS, 5, 1, NOON)
CLEAN: Final = Mix(listed=0, misread=0, no_country=0, again=0, spoiled=0, outage_s=0)
SECONDS: Final = 100


def traffic(seed: int = 1, begin: int = BEGIN, rate: float = 40, **mix: Any) -> Traffic:
    return Traffic(find_crossings(CAMERAS), LISTED, seed, begin, rate, CLEAN._replace(**mix))


def sent(made: Traffic, seconds: float = SECONDS) -> list[Sent]:
    return list(made.until(BEGIN + round(seconds * 1000)))


def share(records: Iterable[bool]) -> float:
    found = list(records)
    return sum(found) / len(found)


def taken(value: bytes | None) -> Read | None:
    """The read in a record, if it is one whose plate can be a plate."""
    for read in decode_reads([value or b""]).reads:
        with suppress(PlateError):
            normalise(read.plate)
            return read
    return None


ALL: Final[dict[str, Any]] = Mix(listed=0.1, again=0.02, spoiled=0.02)._asdict()


def test_the_same_seed_gives_the_same_however_it_is_asked() -> None:
    at_once = sent(traffic(**ALL), 20)
    bit_by_bit = traffic(**ALL)
    parts = [list(bit_by_bit.until(BEGIN + ms)) for ms in (1, 1, 700, 699, 701, 9000, 20_000)]
    assert [each for part in parts for each in part] == at_once
    assert parts[1] == parts[3] == []
    assert sent(traffic(seed=2, **ALL), 20) != at_once


def test_another_beginning_moves_it() -> None:
    later = list(traffic(begin=BEGIN + 86_400_123, **ALL).until(BEGIN + 86_420_123))
    here = sent(traffic(**ALL), 20)
    assert [each.at - 86_400_123 for each in later] == [each.at for each in here]
    assert [each.passage for each in later] == [each.passage for each in here]


def test_times_rise_and_nothing_is_sent_before_it_is_seen() -> None:
    records = sent(traffic(**ALL))
    assert all(one.at <= other.at for one, other in pairwise(records))
    assert BEGIN <= records[0].at < BEGIN + 1000 and records[-1].at < BEGIN + SECONDS * 1000
    assert all(to_ms(each.read.captured_at) < each.at for each in records if each.read)


@pytest.mark.parametrize("rate", [5, 40, 400])
def test_the_rate_is_about_that_asked_for_from_the_beginning_on(rate: float) -> None:
    seconds = 4000 / rate
    records = sent(traffic(rate=rate), seconds)
    assert 3400 < len(records) < 4600
    assert 1500 < sum(each.at < BEGIN + seconds * 500 for each in records) < 2500


def test_records_say_what_their_reads_say_and_spoiled_ones_are_refused() -> None:
    records = sent(traffic(**ALL))
    for each in records:
        assert taken(each.value) == each.read
    spoiled = [each.value for each in records if each.read is None]
    assert 0.01 < len(spoiled) / len(records) < 0.04
    assert None in spoiled and len({value and value[-1:] for value in spoiled}) > 1


@pytest.mark.parametrize("seed", range(3))
def test_shares_are_about_those_asked_for(seed: int) -> None:
    records = sent(traffic(seed, misread=0.2, no_country=0.3, listed=0.1))
    reads = [each.read for each in records if each.read]
    assert len(reads) == len(records)
    assert 0.17 < share(each.misread for each in records) < 0.23
    assert 0.26 < share(read.country is None for read in reads) < 0.34
    assert 0.05 < share(each.passage.listed is not None for each in records) < 0.16
    wrong = [each.read.confidence for each in records if each.misread and each.read]
    right = [each.read.confidence for each in records if not each.misread and each.read]
    assert sum(map(float, wrong)) / len(wrong) < 0.9 < 0.98 < sum(map(float, right)) / len(right)


def test_clean_traffic_has_none_of_it() -> None:
    records = sent(traffic())
    assert len({each.value for each in records}) == len(records)
    for each in records:
        assert each.read and not each.misread and not each.read.retransmitted
        assert each.read.country == each.passage.plate.country and each.passage.listed is None


def test_listed_vehicles_are_known_and_their_alerts_are_in_force() -> None:
    records = sent(traffic(listed=0.3))
    seen = Counter(each.passage.listed.alert.alert_id for each in records if each.passage.listed)
    assert seen.keys() == {"A001", "A002", "A003", "A004", "A005"}
    for each in records:
        if each.passage.listed and each.read:
            alert, plate = each.passage.listed
            assert each.passage.plate == plate and each.read.plate == plate.normal
            assert alert.valid_from < each.read.captured_at < alert.valid_until
            if alert.list_id == "joint":
                assert normalise(alert.plate, wildcards=True) == plate.normal[:-2] + "??"
            else:
                assert normalise(alert.plate) == plate.normal


def test_a_vehicle_is_read_one_to_three_times_at_each_side_of_its_crossing() -> None:
    seen: dict[int, list[Sent]] = {}
    for each in sent(traffic(), 300):
        if each.at < BEGIN + 200_000:
            seen.setdefault(each.passage.number, []).append(each)
    sizes = Counter(map(len, seen.values()))
    assert sizes.keys() == {1, 2, 3}
    assert all(len({each.camera for each in reads}) == 1 for reads in seen.values())
    by_plate = groupby(sorted(seen.values(), key=lambda reads: reads[0].passage.plate), key=_plate)
    both = [passages for _, group in by_plate if len(passages := list(group)) == 2]
    assert len(both) > 100
    for one, other in both:
        assert one[0].camera.country != other[0].camera.country
        assert 30_000 < abs(one[0].at - other[0].at) < 200_000


def _plate(reads: list[Sent]) -> Any:
    return reads[0].passage.plate


def test_a_record_sent_again_is_the_same_and_comes_later() -> None:
    records = sent(traffic(again=0.1))
    times: dict[bytes | None, list[int]] = {}
    for each in records:
        times.setdefault(each.value, []).append(each.at)
    twice = [at for at in times.values() if len(at) > 1]
    assert 0.07 < len(twice) / len(times) < 0.13
    assert all(len(at) == 2 and 1000 <= at[1] - at[0] <= 3000 for at in twice)


def test_a_camera_whose_link_was_down_sends_what_it_kept() -> None:
    records = sent(traffic(outage_s=4), 30)
    kept = [each for each in records if each.read and each.read.retransmitted]
    assert kept and len({each.camera for each in kept}) == 1
    for each in kept:
        assert each.read and to_ms(each.read.captured_at) < BEGIN + 6000 <= each.at < BEGIN + 6200
    others = [each for each in records if each not in kept and each.camera == kept[0].camera]
    assert others and not any(BEGIN + 2000 <= each.at < BEGIN + 6000 for each in others)


def test_lists_are_the_same_for_the_same_seed() -> None:
    assert listed(LISTS, 5, 1, NOON) == LISTED != listed(LISTS, 5, 2, NOON)
    assert len({each.alert.plate for each in LISTED}) == 15
