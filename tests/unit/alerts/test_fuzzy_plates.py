"""Plates that differ by one character: found for fuzzy lists, by key, without reading alerts."""

from collections.abc import Sequence
from pathlib import Path
from random import Random

import pytest

from streams.alerts import Index, LogSnapshotWriter, Snapshot, SnapshotWriter
from streams.alerts.index import Candidate
from streams.plates.confusables import BUILTIN_CLASSES, build_classes
from streams.plates.packed_keys import pack, unpack
from streams.plates.plate_columns import to_columns
from streams.records.alert import Alert, Withdrawal
from tests.support.builders import a_withdrawal, after_noon, an_alert
from tests.support.one_edit import canonical_text, one_edit_pairs

OLD = an_alert("AB-123-CD")
NEW = an_alert("EF-456-GH", version=2)


def pairs(index: Index, *plates: str) -> list[tuple[int, str]]:
    """The pairs of plates, as (row, listed plate)."""
    rows, keys = index.find_one_edit(to_columns(plates))
    return [(row, unpack(key)) for row, key in zip(rows.tolist(), keys.tolist(), strict=True)]


def alert_pairs(index: Index, *plates: str) -> list[tuple[int, str]]:
    """The alerts of the pairs of plates, as (row, alert_id)."""
    candidates = index.resolve(*index.find_one_edit(to_columns(plates)))
    return [(candidate.row, candidate.alert.alert_id) for candidate in candidates]


def base_index(path: Path, alerts: Sequence[Alert], *fuzzy_lists: str) -> Index:
    """An index whose base has the alerts."""
    with SnapshotWriter(path) as writer:
        assert writer.add(alerts) == {}
        return Index(Snapshot(writer.finish()), fuzzy_lists=fuzzy_lists)


def delta_index(alerts: Sequence[Alert], *fuzzy_lists: str) -> Index:
    """An index whose delta has the alerts."""
    index = Index(fuzzy_lists=fuzzy_lists)
    for alert in alerts:
        assert index.put(alert) is None
    return index


def both_indexes(path: Path, alerts: Sequence[Alert], *fuzzy_lists: str) -> list[Index]:
    """An index whose base has the alerts, and one whose delta has them."""
    return [base_index(path, alerts, *fuzzy_lists), delta_index(alerts, *fuzzy_lists)]


def extend_snapshot(
    path: Path, base: Snapshot | None, *entries: Alert | Withdrawal, ended_since_ms: int = 0
) -> Snapshot:
    """A snapshot of a base and the entries after it on a topic."""
    with LogSnapshotWriter(path, ended_since_ms=ended_since_ms) as writer:
        if base is not None:
            writer.copy_from(base)
        writer.add_entries(entries)
        return Snapshot(writer.finish())


def listed_plates(snapshot: Snapshot, *lists: str) -> list[str]:
    """The plates of lists."""
    return [unpack(key) for key in snapshot.plate_keys(lists).tolist()]


def test_plates_with_one_character_replaced_added_or_missing_are_found(tmp_path: Path) -> None:
    for index in both_indexes(tmp_path / "s", [OLD], "sis"):
        assert pairs(index, "XB123CD", "AB1X3CD", "AB123CX") == [(row, "AB123CD") for row in range(3)]
        assert pairs(index, "XAB123CD", "AB1X23CD", "AB123CDX") == [(row, "AB123CD") for row in range(3)]
        assert pairs(index, "B123CD", "AB13CD", "AB123C") == [(row, "AB123CD") for row in range(3)]
        assert pairs(index, "AB123CD", "AB132CD", "B123CDA", "AB123", "AB1X3CX", "X") == []
        assert alert_pairs(index, "ZZ999ZZ", "AB1X3CD") == [(1, "a1")]


def test_plates_of_one_confusable_class_are_not_found(tmp_path: Path) -> None:
    for index in both_indexes(tmp_path / "s", [an_alert("BO-250-DI")], "sis"):
        assert pairs(index, "8O250DI", "B02S0QI", "BO250D1") == []
        assert pairs(index, "8X250D1", "8025ODQI", "8Q25QD") == [(row, "BO250DI") for row in range(3)]


def test_each_listed_spelling_has_a_pair(tmp_path: Path) -> None:
    alerts = [an_alert("B-8"), an_alert("8-8", alert_id="a2"), an_alert("8B", alert_id="a3")]
    for index in both_indexes(tmp_path / "s", alerts, "sis"):
        assert pairs(index, "BX") == [(0, "88"), (0, "8B"), (0, "B8")]
        assert alert_pairs(index, "BX") == [(0, "a1"), (0, "a2"), (0, "a3")]
        rows, keys = index.find_one_edit(to_columns(["BX"]))
        assert [candidate.alert.alert_id for candidate in index.resolve(rows[1:2], keys[1:2])] == ["a3"]


def test_the_shortest_and_longest_plates_are_found(tmp_path: Path) -> None:
    long = "ABCDEFGHJKLM"
    for index in both_indexes(tmp_path / "s", [an_alert("A"), an_alert(long, alert_id="a2")], "sis"):
        assert pairs(index, "X", "XA", "AX", "AA", "XX", "A") == [(row, "A") for row in range(4)]
        assert pairs(index, long[1:], long[:-1], "X" + long[1:], long[:-1] + "X", long, long + "X") == [
            (row, long) for row in range(4)
        ]
    for index in both_indexes(tmp_path / "s", [an_alert(long[1:])], "sis"):
        assert pairs(index, long, long[1:] + "X", long[2:], long[1:]) == [(row, long[1:]) for row in range(3)]


def test_all_spellings_of_umlauts_are_compared(tmp_path: Path) -> None:
    for index in both_indexes(tmp_path / "s", [an_alert("LÖ-B 12", "DE")], "sis"):
        assert pairs(index, "LOB13", "LOEB13", "LÖ-B 1") == [
            (0, "LOB12"),
            (1, "LOEB12"),
            (2, "LOB12"),
            (2, "LOEB12"),
        ]
        assert pairs(index, "LÖ-B 12") == [], "the same in some spelling"
        assert pairs(index, "LOEB12") == [(0, "LOB12")], "another spelling differs by one character"
    for index in both_indexes(tmp_path / "s", [an_alert("LOEX12")], "sis"):
        assert pairs(index, "LOB12", "LÖ-B 12") == [(1, "LOEX12")]


def test_invalid_plates_have_no_pairs(tmp_path: Path) -> None:
    for index in both_indexes(tmp_path / "s", [an_alert("A"), an_alert("AB", alert_id="a2")], "sis"):
        assert pairs(index, "А-В", "", "AC", "A" * 13, "--") == [(2, "A"), (2, "AB")]
        assert pairs(index) == []


def test_only_plates_of_fuzzy_lists_are_found(tmp_path: Path) -> None:
    alerts = [
        OLD,
        an_alert("AB-124-CD", alert_id="a2", list_id="interpol"),
        an_alert("AB-12?-CD", alert_id="a3"),
    ]
    for fuzzy_lists, expected in (
        (["sis"], ["AB123CD"]),
        (["interpol"], ["AB124CD"]),
        (["interpol", "sis"], ["AB123CD", "AB124CD"]),
        (["none"], []),
        ([], []),
    ):
        for index in both_indexes(tmp_path / "s", alerts, *fuzzy_lists):
            assert pairs(index, "AB125CD") == [(0, text) for text in expected]


def test_a_key_resolves_to_the_alerts_of_all_lists_each_once() -> None:
    other = an_alert("AB-123-CD", alert_id="a2", list_id="interpol")
    index = delta_index([OLD, other], "sis")
    rows, keys = index.find_one_edit(to_columns(["AB124CD"]))
    assert index.resolve(rows, keys) == [Candidate(0, other), Candidate(0, OLD)]
    assert index.resolve(rows.repeat(2), keys.repeat(2)) == index.resolve(rows, keys)
    assert index.resolve(rows[:0], keys[:0]) == []


def test_replaced_plates_are_not_found(tmp_path: Path) -> None:
    for index in both_indexes(tmp_path / "s", [OLD, an_alert("XX-999-XX", alert_id="a2")], "sis"):
        index.put(NEW)
        assert alert_pairs(index, "AB124CD", "EF456G") == [(1, "a1")]
        index.put(an_alert("AB-123-CD", version=3))
        assert alert_pairs(index, "AB124CD", "EF456G") == [(0, "a1")]
        index.put(an_alert("AB-12?-CD", version=4))
        assert alert_pairs(index, "AB124CD", "EF456G") == []


def test_a_plate_that_another_alert_still_has_is_found() -> None:
    index = delta_index([OLD, an_alert("AB-123-CD", alert_id="a2")], "sis")
    index.put(NEW)
    assert pairs(index, "AB124CD") == [(0, "AB123CD")]
    assert alert_pairs(index, "AB124CD") == [(0, "a2")]
    index.put(an_alert("EF-456-GH", alert_id="a2", version=2))
    assert pairs(index, "AB124CD", "EF456G") == [(1, "EF456GH")]


def test_an_alert_listed_again_on_a_topic_is_found(tmp_path: Path) -> None:
    base = extend_snapshot(tmp_path / "s", None, OLD, a_withdrawal("a1", after_noon(0)))
    index = Index(base, fuzzy_lists=["sis"])
    index.apply_value(OLD)
    assert alert_pairs(index, "AB124CD") == [(0, "a1")]
    assert index.is_effective(OLD, after_noon(1))
    index.apply_value(NEW)
    assert alert_pairs(index, "AB124CD", "EF455GH") == [(1, "a1")]


def test_a_snapshot_has_the_plates_of_each_list(tmp_path: Path) -> None:
    alerts = [
        OLD,
        an_alert("LÖ-B 12", "DE", alert_id="a2"),
        an_alert("AB123CD", alert_id="a3"),
        an_alert("A*", alert_id="a4"),
        an_alert("ZZ", list_id="interpol"),
    ]
    with SnapshotWriter(tmp_path / "s") as writer:
        writer.add(alerts[3:])
        writer.add([])
        writer.add([*alerts[:3], an_alert("А-В", list_id="bad")])
        snapshot = Snapshot(writer.finish())
    assert listed_plates(snapshot, "sis") == ["AB123CD", "LOB12", "LOEB12"]
    assert listed_plates(snapshot, "interpol", "none") == ["ZZ"]
    assert listed_plates(snapshot, "sis", "interpol") == ["AB123CD", "LOB12", "LOEB12", "ZZ"]
    assert listed_plates(snapshot) == []
    assert snapshot.list_ranges().keys() == {"interpol", "sis"}


def test_a_snapshot_drops_the_plates_of_replaced_versions(tmp_path: Path) -> None:
    with SnapshotWriter(tmp_path / "s") as writer:
        writer.add([OLD, an_alert("8B", alert_id="a2")])
        writer.add([NEW])
        snapshot = Snapshot(writer.finish())
    assert listed_plates(snapshot, "sis") == ["8B", "EF456GH"]


def test_a_plate_is_dropped_with_the_last_alert_that_has_it(tmp_path: Path) -> None:
    other = an_alert("AB-123-CD", alert_id="a2")
    first = extend_snapshot(tmp_path / "1", None, OLD, other, an_alert("ZZ", list_id="interpol"))
    assert listed_plates(first, "sis") == ["AB123CD"]
    second = extend_snapshot(tmp_path / "2", first, NEW, an_alert("ZZ-1", list_id="interpol", version=2))
    assert listed_plates(second, "sis") == ["AB123CD", "EF456GH"]
    assert listed_plates(second, "interpol") == ["ZZ1"]
    third = extend_snapshot(
        tmp_path / "3", second, a_withdrawal("a2", after_noon(0)), an_alert("Y", list_id="third")
    )
    assert listed_plates(third, "sis") == ["AB123CD", "EF456GH"], "an ended alert is kept for late reads"
    last = extend_snapshot(tmp_path / "4", third, ended_since_ms=10**13)
    assert listed_plates(last, "sis", "interpol", "third") == ["EF456GH", "Y", "ZZ1"]


def test_replaced_plates_do_not_accumulate_over_snapshots(tmp_path: Path) -> None:
    snapshot = None
    for version in range(1, 6):
        entry = an_alert(f"AB-{version}99-CD", version=version)
        snapshot = extend_snapshot(
            tmp_path / str(version), snapshot, entry, an_alert("ZZ", list_id="interpol")
        )
        assert listed_plates(snapshot, "sis", "interpol") == [f"AB{version}99CD", "ZZ"]


def test_other_confusable_classes_may_be_used(tmp_path: Path) -> None:
    few = build_classes(("XY",))
    with SnapshotWriter(tmp_path / "s", few) as writer:
        writer.add([an_alert("B-8")])
        index = Index(Snapshot(writer.finish(), few), few, fuzzy_lists=["sis"])
    assert pairs(index, "88", "BB", "X8", "XY") == [(0, "B8"), (1, "B8"), (2, "B8")]


@pytest.mark.parametrize("alphabet", ["01ABDO", "ABCDEFGH0123", "0A"])
def test_a_crowded_list_gives_the_pairs_of_a_full_comparison(tmp_path: Path, alphabet: str) -> None:
    random = Random(alphabet)

    def random_plates(count: int) -> list[str]:
        lengths = random.choices(range(1, 13), k=count)
        return ["".join(random.choices(alphabet, k=length)) for length in lengths]

    plates = random_plates(300)
    read_plates = random_plates(100)
    for plate in random.sample(plates, 60):
        position = random.randrange(len(plate))
        char = random.choice(alphabet)
        before, after = plate[:position], plate[position + 1 :]
        read_plates += [before + char + after, (before + char + plate[position:])[:12], before + after or "A"]
    alerts = [an_alert(plate, alert_id=f"a{number}") for number, plate in enumerate(plates)]
    keys = {pack(plate) for plate in plates}
    expected = one_edit_pairs(read_plates, keys, BUILTIN_CLASSES)
    assert len(expected) > 60
    mixed = base_index(tmp_path / "mixed", alerts[:150], "sis")
    for alert in alerts[150:]:
        mixed.put(alert)
    for index in [*both_indexes(tmp_path / "s", alerts, "sis"), mixed]:
        rows, found_keys = index.find_one_edit(to_columns(read_plates))
        assert list(zip(rows.tolist(), found_keys.tolist(), strict=True)) == expected
        alert_ids = {
            (candidate.row, candidate.alert.alert_id) for candidate in index.resolve(rows, found_keys)
        }
        ids_by_key: dict[int, list[str]] = {}
        for alert in alerts:
            ids_by_key.setdefault(pack(alert.plate), []).append(alert.alert_id)
        assert alert_ids == {(row, alert_id) for row, key in expected for alert_id in ids_by_key[key]}


def test_the_oracle_has_the_same_confusable_classes_as_the_index() -> None:
    index = delta_index([an_alert("B0-25")], "sis")
    for plate in ("8O25", "BO2S", "BA25", "B025"):
        assert bool(index.find(to_columns([plate]))) == (
            canonical_text(plate, BUILTIN_CLASSES) == canonical_text("B025", BUILTIN_CLASSES)
        )
