"""Plates that differ by one character: found for the lists that ask for it, by key, without their alerts."""

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


def texts(index: Index, *plates: str) -> list[tuple[int, str]]:
    """The pairs of plates, as (place, listed text)."""
    rows, keys = index.find_one_edit(to_columns(plates))
    return [(row, unpack(key)) for row, key in zip(rows.tolist(), keys.tolist(), strict=True)]


def alerts_near(index: Index, *plates: str) -> list[tuple[int, str]]:
    """The alerts of the pairs of plates, as (place, alert id)."""
    return [
        (each.row, each.alert.alert_id) for each in index.resolve(*index.find_one_edit(to_columns(plates)))
    ]


def from_base(path: Path, alerts: Sequence[Alert], *near: str) -> Index:
    """An index whose base has the alerts."""
    with SnapshotWriter(path) as writer:
        assert writer.add(alerts) == {}
        return Index(Snapshot(writer.finish()), fuzzy_lists=near)


def changed(alerts: Sequence[Alert], *near: str) -> Index:
    """An index whose delta has the alerts."""
    index = Index(fuzzy_lists=near)
    for each in alerts:
        assert index.put(each) is None
    return index


def both(path: Path, alerts: Sequence[Alert], *near: str) -> list[Index]:
    """The two."""
    return [from_base(path, alerts, *near), changed(alerts, *near)]


def grown(path: Path, base: Snapshot | None, *entries: Alert | Withdrawal, ends_since: int = 0) -> Snapshot:
    """A snapshot of a base and what came after it on a topic."""
    with LogSnapshotWriter(path, ended_since_ms=ends_since) as writer:
        if base is not None:
            writer.copy_from(base)
        writer.add_entries(entries)
        return Snapshot(writer.finish())


def listed(snapshot: Snapshot, *lists: str) -> list[str]:
    """The texts of the plates of some lists."""
    return [unpack(key) for key in snapshot.plate_keys(lists).tolist()]


def test_one_character_other_more_or_less(tmp_path: Path) -> None:
    for index in both(tmp_path / "s", [OLD], "sis"):
        assert texts(index, "XB123CD", "AB1X3CD", "AB123CX") == [(row, "AB123CD") for row in range(3)]
        assert texts(index, "XAB123CD", "AB1X23CD", "AB123CDX") == [(row, "AB123CD") for row in range(3)]
        assert texts(index, "B123CD", "AB13CD", "AB123C") == [(row, "AB123CD") for row in range(3)]
        assert texts(index, "AB123CD", "AB132CD", "B123CDA", "AB123", "AB1X3CX", "X") == []
        assert alerts_near(index, "ZZ999ZZ", "AB1X3CD") == [(1, "a1")]


def test_the_same_within_a_class_is_for_find(tmp_path: Path) -> None:
    for index in both(tmp_path / "s", [an_alert("BO-250-DI")], "sis"):
        assert texts(index, "8O250DI", "B02S0QI", "BO250D1") == []
        assert texts(index, "8X250D1", "8025ODQI", "8Q25QD") == [(row, "BO250DI") for row in range(3)]


def test_each_spelling_that_is_listed_has_a_pair(tmp_path: Path) -> None:
    alerts = [an_alert("B-8"), an_alert("8-8", alert_id="a2"), an_alert("8B", alert_id="a3")]
    for index in both(tmp_path / "s", alerts, "sis"):
        assert texts(index, "BX") == [(0, "88"), (0, "8B"), (0, "B8")]
        assert alerts_near(index, "BX") == [(0, "a1"), (0, "a2"), (0, "a3")]
        rows, keys = index.find_one_edit(to_columns(["BX"]))
        assert [each.alert.alert_id for each in index.resolve(rows[1:2], keys[1:2])] == ["a3"]


def test_the_shortest_and_the_longest(tmp_path: Path) -> None:
    long = "ABCDEFGHJKLM"
    for index in both(tmp_path / "s", [an_alert("A"), an_alert(long, alert_id="a2")], "sis"):
        assert texts(index, "X", "XA", "AX", "AA", "XX", "A") == [(row, "A") for row in range(4)]
        assert texts(index, long[1:], long[:-1], "X" + long[1:], long[:-1] + "X", long, long + "X") == [
            (row, long) for row in range(4)
        ]
    for index in both(tmp_path / "s", [an_alert(long[1:])], "sis"):
        assert texts(index, long, long[1:] + "X", long[2:], long[1:]) == [(row, long[1:]) for row in range(3)]


def test_umlauts_of_either_are_tried_in_all_spellings(tmp_path: Path) -> None:
    for index in both(tmp_path / "s", [an_alert("LÖ-B 12", "DE")], "sis"):
        assert texts(index, "LOB13", "LOEB13", "LÖ-B 1") == [
            (0, "LOB12"),
            (1, "LOEB12"),
            (2, "LOB12"),
            (2, "LOEB12"),
        ]
        assert texts(index, "LÖ-B 12") == [], "the same in some spelling"
        assert texts(index, "LOEB12") == [(0, "LOB12")], "for the reader has no umlaut"
    for index in both(tmp_path / "s", [an_alert("LOEX12")], "sis"):
        assert texts(index, "LOB12", "LÖ-B 12") == [(1, "LOEX12")]


def test_what_is_no_plate_has_no_pairs(tmp_path: Path) -> None:
    for index in both(tmp_path / "s", [an_alert("A"), an_alert("AB", alert_id="a2")], "sis"):
        assert texts(index, "А-В", "", "AC", "A" * 13, "--") == [(2, "A"), (2, "AB")]
        assert texts(index) == []


def test_only_the_lists_that_ask(tmp_path: Path) -> None:
    alerts = [
        OLD,
        an_alert("AB-124-CD", alert_id="a2", list_id="interpol"),
        an_alert("AB-12?-CD", alert_id="a3"),
    ]
    for near, expected in (
        (["sis"], ["AB123CD"]),
        (["interpol"], ["AB124CD"]),
        (["interpol", "sis"], ["AB123CD", "AB124CD"]),
        (["none"], []),
        ([], []),
    ):
        for index in both(tmp_path / "s", alerts, *near):
            assert texts(index, "AB125CD") == [(0, text) for text in expected]


def test_a_key_gives_the_alerts_of_all_lists_and_each_once() -> None:
    other = an_alert("AB-123-CD", alert_id="a2", list_id="interpol")
    index = changed([OLD, other], "sis")
    rows, keys = index.find_one_edit(to_columns(["AB124CD"]))
    assert index.resolve(rows, keys) == [Candidate(0, other), Candidate(0, OLD)]
    assert index.resolve(rows.repeat(2), keys.repeat(2)) == index.resolve(rows, keys)
    assert index.resolve(rows[:0], keys[:0]) == []


def test_what_was_replaced_is_not_found(tmp_path: Path) -> None:
    for index in both(tmp_path / "s", [OLD, an_alert("XX-999-XX", alert_id="a2")], "sis"):
        index.put(NEW)
        assert alerts_near(index, "AB124CD", "EF456G") == [(1, "a1")]
        index.put(an_alert("AB-123-CD", version=3))
        assert alerts_near(index, "AB124CD", "EF456G") == [(0, "a1")]
        index.put(an_alert("AB-12?-CD", version=4))
        assert alerts_near(index, "AB124CD", "EF456G") == []


def test_a_plate_that_another_alert_has_too_stays() -> None:
    index = changed([OLD, an_alert("AB-123-CD", alert_id="a2")], "sis")
    index.put(NEW)
    assert texts(index, "AB124CD") == [(0, "AB123CD")]
    assert alerts_near(index, "AB124CD") == [(0, "a2")]
    index.put(an_alert("EF-456-GH", alert_id="a2", version=2))
    assert texts(index, "AB124CD", "EF456G") == [(1, "EF456GH")]


def test_what_was_listed_again_on_a_topic_is_found(tmp_path: Path) -> None:
    base = grown(tmp_path / "s", None, OLD, a_withdrawal("a1", after_noon(0)))
    index = Index(base, fuzzy_lists=["sis"])
    index.apply_value(OLD)
    assert alerts_near(index, "AB124CD") == [(0, "a1")]
    assert index.is_effective(OLD, after_noon(1))
    index.apply_value(NEW)
    assert alerts_near(index, "AB124CD", "EF455GH") == [(1, "a1")]


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
    assert listed(snapshot, "sis") == ["AB123CD", "LOB12", "LOEB12"]
    assert listed(snapshot, "interpol", "none") == ["ZZ"]
    assert listed(snapshot, "sis", "interpol") == ["AB123CD", "LOB12", "LOEB12", "ZZ"]
    assert listed(snapshot) == []
    assert snapshot.list_ranges().keys() == {"interpol", "sis"}


def test_a_snapshot_drops_the_plates_of_versions_that_do_not_count(tmp_path: Path) -> None:
    with SnapshotWriter(tmp_path / "s") as writer:
        writer.add([OLD, an_alert("8B", alert_id="a2")])
        writer.add([NEW])
        snapshot = Snapshot(writer.finish())
    assert listed(snapshot, "sis") == ["8B", "EF456GH"]


def test_plates_go_with_the_last_alert_that_has_them(tmp_path: Path) -> None:
    other = an_alert("AB-123-CD", alert_id="a2")
    first = grown(tmp_path / "1", None, OLD, other, an_alert("ZZ", list_id="interpol"))
    assert listed(first, "sis") == ["AB123CD"]
    second = grown(tmp_path / "2", first, NEW, an_alert("ZZ-1", list_id="interpol", version=2))
    assert listed(second, "sis") == ["AB123CD", "EF456GH"]
    assert listed(second, "interpol") == ["ZZ1"]
    third = grown(tmp_path / "3", second, a_withdrawal("a2", after_noon(0)), an_alert("Y", list_id="third"))
    assert listed(third, "sis") == ["AB123CD", "EF456GH"], "it has ended, but late reads may have it"
    last = grown(tmp_path / "4", third, ends_since=10**13)
    assert listed(last, "sis", "interpol", "third") == ["EF456GH", "Y", "ZZ1"]


def test_plates_do_not_pile_up_over_generations(tmp_path: Path) -> None:
    snapshot = None
    for version in range(1, 6):
        entry = an_alert(f"AB-{version}99-CD", version=version)
        snapshot = grown(tmp_path / str(version), snapshot, entry, an_alert("ZZ", list_id="interpol"))
        assert listed(snapshot, "sis", "interpol") == [f"AB{version}99CD", "ZZ"]


def test_other_classes(tmp_path: Path) -> None:
    few = build_classes(("XY",))
    with SnapshotWriter(tmp_path / "s", few) as writer:
        writer.add([an_alert("B-8")])
        index = Index(Snapshot(writer.finish(), few), few, fuzzy_lists=["sis"])
    assert texts(index, "88", "BB", "X8", "XY") == [(0, "B8"), (1, "B8"), (2, "B8")]


@pytest.mark.parametrize("alphabet", ["01ABDO", "ABCDEFGH0123", "0A"])
def test_many_neighbours(tmp_path: Path, alphabet: str) -> None:
    """A crowded list against every pair looked at."""
    random = Random(alphabet)

    def some(count: int) -> list[str]:
        lengths = random.choices(range(1, 13), k=count)
        return ["".join(random.choices(alphabet, k=length)) for length in lengths]

    plates = some(300)
    asked = some(100)
    for plate in random.sample(plates, 60):
        place = random.randrange(len(plate))
        char = random.choice(alphabet)
        asked += [plate[:place] + char + plate[place + 1 :], (plate[:place] + char + plate[place:])[:12]]
        asked += [plate[:place] + plate[place + 1 :] or "A"]
    alerts = [an_alert(plate, alert_id=f"a{place}") for place, plate in enumerate(plates)]
    keys = {pack(plate) for plate in plates}
    expected = one_edit_pairs(asked, keys, BUILTIN_CLASSES)
    assert len(expected) > 60
    half = from_base(tmp_path / "half", alerts[:150], "sis")
    for each in alerts[150:]:
        half.put(each)
    for index in [*both(tmp_path / "s", alerts, "sis"), half]:
        rows, found = index.find_one_edit(to_columns(asked))
        assert list(zip(rows.tolist(), found.tolist(), strict=True)) == expected
        named = {(each.row, each.alert.alert_id) for each in index.resolve(rows, found)}
        by_key: dict[int, list[str]] = {}
        for each in alerts:
            by_key.setdefault(pack(each.plate), []).append(each.alert_id)
        assert named == {(row, name) for row, key in expected for name in by_key[key]}


def test_kin_is_what_find_finds() -> None:
    """The oracle's own idea of a class agrees with the index."""
    index = changed([an_alert("B0-25")], "sis")
    for plate in ("8O25", "BO2S", "BA25", "B025"):
        assert bool(index.find(to_columns([plate]))) == (
            canonical_text(plate, BUILTIN_CLASSES) == canonical_text("B025", BUILTIN_CLASSES)
        )
