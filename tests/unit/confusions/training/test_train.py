"""Learning from pairs: what was seen often weighs more, and what is written is read back."""

from math import isfinite
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from msgspec.structs import replace

from streams.confusions.alignment import align_misread
from streams.confusions.evidence import CHAR_CODES, EVIDENCE_KINDS, build_evidence
from streams.confusions.model import (
    ConfusionModel,
    ConfusionModels,
    ModelError,
    builtin_models,
    decode_models,
    encode_models,
    load_models,
)
from streams.confusions.training.counts import ConfusionCounts
from streams.confusions.training.pairs import TrainingPair, decode_pair
from streams.confusions.training.train import ModelGroups, TrainingError, train, train_all
from streams.plates.fleets import builtin_fleets
from streams.plates.packed_keys import ALPHABET
from tests.support.builders import a_read
from tests.support.confusion_pairs import make_pairs


@pytest.fixture(scope="module")
def model() -> ConfusionModel:
    """A model of the made-up reader."""
    return train(make_pairs(700), builtin_fleets(), "general", "made up")


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
    found = align_misread(read_, true)
    assert (found if found is None else [each for each in found if each[0] != each[1]]) == expected


def test_counts(model: ConfusionModel) -> None:
    """What was seen is counted; one in about five D was read as 0, no E as anything."""
    assert model.pairs == 700
    assert model.seen_per_misread("D", "0") == pytest.approx(5, rel=0.3)
    assert model.seen_per_misread("8", "B") == pytest.approx(20, rel=0.5)
    assert model.seen_per_misread("E", "F") is None
    assert sum(count for slip, count in model.counts.items() if slip.endswith("-")) > 10


@pytest.mark.parametrize("kind", EVIDENCE_KINDS)
def test_a_common_slip_is_likelier(model: ConfusionModel, kind: str) -> None:
    """Of two plates one character away, the one that this reader takes for it, whatever the reader tells."""
    fields = {
        "full": {"char_confidences": [0.9] * 7, "candidates": [{"plate": "AB123CD", "confidence": 0.9}]},
        "characters": {"char_confidences": [0.9] * 7},
        "plate": {"confidence": 0.9},
        "bare": {},
    }[kind]
    if "candidates" in fields:
        fields["candidates"] = list(make_pairs(1)[0].candidates or [])
    evidence = build_evidence(a_read("AB1230C", "FR", **fields))
    assert evidence.kind == kind
    common, rare = model.log_likelihood(evidence, "AB123DC"), model.log_likelihood(evidence, "AB123EC")
    assert common is not None
    assert rare is not None
    assert common[0] > rare[0] + 1
    assert common[1].misreads[0][:3] == (5, "0", "D")


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
def test_where_they_differ(
    model: ConfusionModel, text: str, true: str, slips: list[tuple[int, str, str]]
) -> None:
    """Two-character tolerance, and characters lost at either end or read where there is none."""
    found = model.log_likelihood(build_evidence(a_read(text, "FR", confidence=0.9)), true)
    assert found is not None
    assert [each[:3] for each in found[1].misreads] == slips


def test_too_far(model: ConfusionModel) -> None:
    evidence = build_evidence(a_read("AB123CD", "FR", confidence=0.9))
    assert model.log_likelihood(evidence, "ZZ999ZZ") is None
    assert model.log_likelihood(evidence, "ABCD") is None


def test_nothing_to_learn() -> None:
    for pairs_, why in (
        ([], "no pair was misread"),
        ([TrainingPair("AB123CD", "FR", "AB123CD")], "no pair was misread"),
        ([TrainingPair("AB123CD", "XK", "AB123C0")], "no pair is of a country whose plates are known"),
    ):
        with pytest.raises(TrainingError, match=why):
            train(pairs_, builtin_fleets(), "general", "")


def test_a_reader_that_tells_little() -> None:
    """What it never tells is weighed as where weights start; and characters may only ever be lost."""
    plain = [
        TrainingPair(each.truth, "FR", each.plate, confidence=each.confidence) for each in make_pairs(300)
    ]
    weights = train(plain, builtin_fleets(), "plain", "").weights
    assert set(weights) == set(EVIDENCE_KINDS)
    assert weights["full"].terms == train(plain[:50], builtin_fleets(), "fewer", "").weights["full"].terms
    lost = train([TrainingPair("AB123CD", "FR", "B123CD")] * 20, builtin_fleets(), "lost", "")
    found = lost.log_likelihood(build_evidence(a_read("B123CD", "FR")), "AB123CD")
    assert found is not None
    assert isfinite(found[0])


def test_a_model_for_each_reader_of_which_enough_is_known() -> None:
    """The others have the general one."""
    models = train_all(
        [*make_pairs(150, 1, "north"), *make_pairs(40, 2, "south")],
        builtin_fleets(),
        "made up",
        groups=ModelGroups(100),
    )
    assert list(models.of) == ["north"]
    assert models.for_camera("north").pairs == 150
    assert models.for_camera("south") is models.general
    assert models.general.pairs == 190


def test_a_model_for_each_maker_of_which_enough_is_known() -> None:
    """A camera with enough has its own, another that of its maker, others the general one."""
    makers = {"north": "acme", "south": "acme", "west": "other"}
    models = train_all(
        [*make_pairs(120, 1, "north"), *make_pairs(40, 2, "south"), *make_pairs(20, 3, "west")],
        builtin_fleets(),
        "made up",
        groups=ModelGroups(100, makers),
    )
    assert sorted(models.of) == ["acme", "north"]
    assert models.of["acme"].pairs == 160
    assert models.for_camera("north") is models.of["north"]
    assert models.for_camera("south") is models.of["acme"]
    assert models.for_camera("west") is models.for_camera("unknown") is models.general
    assert decode_models(encode_models(models), "it.json") == models


def test_little_is_held_to_the_base(model: ConfusionModel) -> None:
    """A few pairs hardly move a model, many do; what is never seen stays."""
    fleets, slip = builtin_fleets(), (CHAR_CODES["E"], CHAR_CODES["F"])
    base = model.commonness[slip[0]][slip[1]]

    def learnt(count: int, base: ConfusionModel | None = model) -> ConfusionModel:
        ours = [TrainingPair("AB123ED", "FR", "AB123FD" if n % 2 else "AB123ED") for n in range(count)]
        return train([*make_pairs(count, 5), *ours], fleets, "ours", "", base=base)

    few, many, alone = learnt(4), learnt(100), learnt(4, None)
    assert base < few.commonness[slip[0]][slip[1]] < many.commonness[slip[0]][slip[1]]
    for kind in EVIDENCE_KINDS:
        held, free = (
            np.linalg.norm(np.array(each.weights[kind].terms) - np.array(model.weights[kind].terms))
            for each in (few, alone)
        )
        assert held < free / 2


@given(st.integers(0, 2**32), st.integers(1, 40))
@settings(max_examples=20, deadline=None)
def test_what_is_not_seen_is_as_in_the_base(seed: int, count: int) -> None:
    """Characters that no pair has keep their slips; without any pair all do."""
    base = builtin_models().general
    ours = [pair for pair in make_pairs(count, seed) if not set(pair.true_plate) & set("WXYZ")]
    table = ConfusionCounts((pair, build_evidence(pair)) for pair in ours).relative_frequencies(base)
    for char in "WXYZ" if ours else ALPHABET:
        assert table[CHAR_CODES[char]] == pytest.approx(base.commonness[CHAR_CODES[char]], abs=1e-3)


def test_pairs_that_count_less_than_once() -> None:
    """Two halves are one."""
    whole = ConfusionCounts((pair, build_evidence(pair)) for pair in make_pairs(50))
    halves = ConfusionCounts(
        (replace(pair, times=0.5), build_evidence(pair)) for pair in make_pairs(50) for _ in range(2)
    )
    assert halves.counts == pytest.approx(whole.counts)
    assert np.allclose(halves.relative_frequencies(), whole.relative_frequencies())
    assert halves.confidence_bands() == whole.confidence_bands()


def test_where_in_the_plate_and_how_sure() -> None:
    """The made-up reader loses the first character only, and is unsure where it is wrong."""
    tally = ConfusionCounts((pair, build_evidence(pair)) for pair in make_pairs(1500))
    start, inside, end = tally.positions["lost"].tolist()
    assert start > 15
    assert (inside, end) == (0, 0)
    assert tally.positions["seen"].tolist() == pytest.approx([1500, 7500, 1500], rel=0.05)
    _, chars = tally.confidence_bands()
    shares = [band.wrong / band.seen for band in chars]
    assert chars[0].upto == 0.5
    assert shares[0] == 1
    assert shares[-1] == 0
    extra = ConfusionCounts(
        [(TrainingPair("AB1", "FR", "XAB1"), build_evidence(TrainingPair("AB1", "FR", "XAB1")))]
    )
    assert extra.positions["extra"].tolist() == [1, 0, 0]
    last = ConfusionCounts(
        [(TrainingPair("AB1", "FR", "AB1X"), build_evidence(TrainingPair("AB1", "FR", "AB1X")))]
    )
    assert last.positions["extra"].tolist() == [0, 0, 1]


def test_reads_found_near_another_say_nothing_of_far_plates(model: ConfusionModel) -> None:
    """That is held to the base, however many there are."""
    near = [replace(pair, found="near") for pair in make_pairs(100)]
    learnt = train(near, builtin_fleets(), "ours", "", base=model)
    assert [each.far for each in learnt.weights.values()] == [each.far for each in model.weights.values()]
    assert learnt.weights != model.weights


def test_a_file_comes_back_as_it_was(model: ConfusionModel, tmp_path: Path) -> None:
    path = tmp_path / "confusions.json"
    path.write_bytes(encode_models(ConfusionModels(model)))
    assert load_models(path) == ConfusionModels(model)


@pytest.mark.parametrize(
    ("spoil", "why"),
    [
        (lambda data: data[:-40], "not a confusion model"),
        (lambda _: b"", "not a confusion model"),
        (lambda _: b"\xff\xfe", "not a confusion model"),
        (lambda data: data.replace(b"anpr-confusions", b"anpr-somethings"), "not a confusion model"),
        (
            lambda data: data.replace(b'"version":2', b'"version":9'),
            "format 9, but this version reads format 2",
        ),
        (lambda data: data.replace(b'"D0":', b'"D1":'), "damaged"),
    ],
)
def test_a_damaged_or_foreign_file_is_refused(model: ConfusionModel, spoil, why: str) -> None:  # type: ignore[no-untyped-def]
    with pytest.raises(ModelError, match=why):
        decode_models(spoil(encode_models(ConfusionModels(model))), "it.json")


def test_a_model_without_weights_for_a_kind_of_read_is_refused(model: ConfusionModel) -> None:
    """Else the first read of that kind would end the worker."""
    lame = replace(model, weights={"bare": model.weights["bare"]})
    with pytest.raises(ModelError, match="no weights for full; train it again with `anpr confusions learn`"):
        decode_models(encode_models(ConfusionModels(model, {"c1": lame})), "it.json")


def test_the_shipped_model() -> None:
    """D is read as 0 far oftener than the reverse, as the reads it was learnt from have it."""
    general = builtin_models().general
    there, back = general.seen_per_misread("D", "0"), general.seen_per_misread("0", "D")
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
    assert isinstance(pair, TrainingPair)
    assert pair.true_plate == "AB123CD"
