"""Learning from pairs: what was seen often weighs more, and what is written is read back."""

from math import isfinite
from pathlib import Path

import pytest

from streams.confusions.evidence import KINDS, evidence_of
from streams.confusions.learn import LearnError, learn, learn_all
from streams.confusions.model import Model, ModelError, Models, dump, load, load_file, shipped_models
from streams.confusions.pairs import Pair, decode_pair
from streams.confusions.tally import edits
from streams.plates.fleets import shipped_fleets
from tests.confusions.made import pairs
from tests.made import read


@pytest.fixture(scope="module")
def model() -> Model:
    """A model of the made-up reader."""
    return learn(pairs(1500), shipped_fleets(), "general", "made up")


@pytest.mark.parametrize(
    ("read_", "true", "expected"),
    [
        ("AB12", "AB12", []),
        ("AB12", "AD12", [("B", "D")]),
        ("AB2", "AB12", [("", "1")]),
        ("AB112", "AB12", [("1", "")]),
        ("B12", "AB12", [("", "A")]),
        ("ABC", "1234", None),
    ],
)
def test_the_fewest_edits(read_: str, true: str, expected: list[tuple[str, str]] | None) -> None:
    found = edits(read_, true)
    assert (found if found is None else [each for each in found if each[0] != each[1]]) == expected


def test_counts(model: Model) -> None:
    """What was seen is counted; one in about five D was read as 0, no E as anything."""
    assert model.pairs == 1500
    assert model.one_in("D", "0") == pytest.approx(5, rel=0.3)
    assert model.one_in("8", "B") == pytest.approx(20, rel=0.5)
    assert model.one_in("E", "F") is None
    assert sum(count for slip, count in model.counts.items() if slip.endswith("-")) > 10


@pytest.mark.parametrize("kind", KINDS)
def test_a_common_slip_is_likelier(model: Model, kind: str) -> None:
    """Of two plates one character away, the one that this reader takes for it, whatever the reader tells."""
    fields = {
        "full": {"char_confidences": [0.9] * 7, "candidates": [{"plate": "AB123CD", "confidence": 0.9}]},
        "characters": {"char_confidences": [0.9] * 7},
        "plate": {"confidence": 0.9},
        "bare": {},
    }[kind]
    if "candidates" in fields:
        fields["candidates"] = list(pairs(1)[0].candidates or [])
    evidence = evidence_of(read("AB1230C", "FR", **fields))
    assert evidence.kind == kind
    common, rare = model.likelihood(evidence, "AB123DC"), model.likelihood(evidence, "AB123EC")
    assert common is not None
    assert rare is not None
    assert common[0] > rare[0] + 1
    assert common[1].slips[0][:3] == (5, "0", "D")


@pytest.mark.parametrize(
    ("text", "true", "slips"),
    [
        ("AB123CD", "AB123CD", []),
        ("B123CD", "AB123CD", [(0, "", "A")]),
        ("AB123C", "AB123CD", [(6, "", "D")]),
        ("AB1123CD", "AB123CD", [(2, "1", "")]),
        ("B1230D", "AB123DD", [(0, "", "A"), (5, "0", "D")]),
    ],
)
def test_where_they_differ(model: Model, text: str, true: str, slips: list[tuple[int, str, str]]) -> None:
    """Two-character tolerance, and characters lost at either end or read where there is none."""
    found = model.likelihood(evidence_of(read(text, "FR", confidence=0.9)), true)
    assert found is not None
    assert [each[:3] for each in found[1].slips] == slips


def test_too_far(model: Model) -> None:
    evidence = evidence_of(read("AB123CD", "FR", confidence=0.9))
    assert model.likelihood(evidence, "ZZ999ZZ") is None
    assert model.likelihood(evidence, "ABCD") is None


def test_nothing_to_learn() -> None:
    for pairs_, why in (
        ([], "no pair was read wrong"),
        ([Pair("AB123CD", "FR", "AB123CD")], "no pair was read wrong"),
        ([Pair("AB123CD", "XK", "AB123C0")], "no pair is of a country whose plates are known"),
    ):
        with pytest.raises(LearnError, match=why):
            learn(pairs_, shipped_fleets(), "general", "")


def test_a_reader_that_tells_little() -> None:
    """What it never tells is weighed as where weights start; and characters may only ever be lost."""
    plain = [Pair(each.truth, "FR", each.plate, confidence=each.confidence) for each in pairs(300)]
    weights = learn(plain, shipped_fleets(), "plain", "").weights
    assert set(weights) == set(KINDS)
    assert weights["full"].terms == learn(plain[:50], shipped_fleets(), "fewer", "").weights["full"].terms
    lost = learn([Pair("AB123CD", "FR", "B123CD")] * 20, shipped_fleets(), "lost", "")
    found = lost.likelihood(evidence_of(read("B123CD", "FR")), "AB123CD")
    assert found is not None
    assert isfinite(found[0])


def test_a_model_for_each_reader_of_which_enough_is_known() -> None:
    """The others have the general one."""
    models = learn_all(
        [*pairs(400, 1, "north"), *pairs(100, 2, "south")], shipped_fleets(), "made up", least=300
    )
    assert list(models.of) == ["north"]
    assert models.for_camera("north").pairs == 400
    assert models.for_camera("south") is models.general
    assert models.general.pairs == 500


def test_a_file_comes_back_as_it_was(model: Model, tmp_path: Path) -> None:
    path = tmp_path / "confusions.json"
    path.write_bytes(dump(Models(model)))
    assert load_file(path) == Models(model)


@pytest.mark.parametrize(
    ("spoil", "why"),
    [
        (lambda data: data[:-40], "no confusion model"),
        (lambda _: b"", "no confusion model"),
        (lambda _: b"\xff\xfe", "no confusion model"),
        (lambda data: data.replace(b"anpr-confusions", b"anpr-somethings"), "no confusion model"),
        (lambda data: data.replace(b'"version":2', b'"version":9'), "format 9; this version reads 2"),
        (lambda data: data.replace(b'"D0":', b'"D1":'), "damaged"),
    ],
)
def test_a_damaged_or_foreign_file_is_refused(model: Model, spoil, why: str) -> None:  # type: ignore[no-untyped-def]
    with pytest.raises(ModelError, match=why):
        load(spoil(dump(Models(model))), "it.json")


def test_the_shipped_model() -> None:
    """D is read as 0 far oftener than the reverse, as the reads it was learnt from have it."""
    general = shipped_models().general
    there, back = general.one_in("D", "0"), general.one_in("0", "D")
    assert there is not None
    assert back is None or there < back / 3


@pytest.mark.parametrize(
    ("line", "fields"),
    [
        (b"{", [""]),
        (b"[]", [""]),
        (b'{"truth":"AB 1","country":"fr"}', ["country", "plate"]),
        (b'{"truth":"!","country":"FR","plate":"?"}', ["truth", "plate"]),
        (b"\xff", [""]),
    ],
)
def test_what_is_no_pair(line: bytes, fields: list[str]) -> None:
    """All that is wrong with it is said."""
    faults = decode_pair(line)
    assert isinstance(faults, tuple)
    assert sorted(fault.field for fault in faults) == sorted(fields)


def test_a_pair() -> None:
    pair = decode_pair(b'{"truth":"AB-123-CD","country":"FR","plate":"AB123C0"}')
    assert isinstance(pair, Pair)
    assert pair.true == "AB123CD"
