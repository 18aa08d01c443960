"""Confusion models: what they score, and their file."""

from pathlib import Path

import pytest
from msgspec.structs import replace

from streams.confusions.evidence import EVIDENCE_KINDS, build_evidence
from streams.confusions.model import (
    ConfusionModel,
    ConfusionModels,
    ModelError,
    builtin_models,
    decode_models,
    encode_models,
    load_models,
)
from tests.support.builders import a_read
from tests.support.confusion_pairs import make_pairs


@pytest.mark.parametrize("kind", EVIDENCE_KINDS)
def test_a_common_character_error_is_likelier(model: ConfusionModel, kind: str) -> None:
    """For every kind of evidence: of two plates one character away, the one that is more often misread so."""
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
    ("text", "true", "misreads"),
    [
        ("AB123CD", "AB123CD", []),
        ("B123CD", "AB123CD", [(0, "", "A")]),
        ("AB123C", "AB123CD", [(6, "", "D")]),
        ("AB1123CD", "AB123CD", [(2, "1", "")]),
        ("B1230D", "AB123DD", [(0, "", "A"), (5, "0", "D")]),
    ],
)
def test_a_read_is_aligned_with_a_plate(
    model: ConfusionModel, text: str, true: str, misreads: list[tuple[int, str, str]]
) -> None:
    """Up to two characters differ, are lost at either end, or are read where there is none."""
    scored = model.log_likelihood(build_evidence(a_read(text, "FR", confidence=0.9)), true)
    assert scored is not None
    assert [misread[:3] for misread in scored[1].misreads] == misreads


def test_a_plate_too_far_from_the_read_is_not_scored(model: ConfusionModel) -> None:
    evidence = build_evidence(a_read("AB123CD", "FR", confidence=0.9))
    assert model.log_likelihood(evidence, "ZZ999ZZ") is None
    assert model.log_likelihood(evidence, "ABCD") is None


def test_a_model_file_is_read_as_it_was_written(model: ConfusionModel, tmp_path: Path) -> None:
    path = tmp_path / "confusions.json"
    path.write_bytes(encode_models(ConfusionModels(model)))
    assert load_models(path) == ConfusionModels(model)


@pytest.mark.parametrize(
    ("damage", "message"),
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
def test_a_damaged_or_foreign_file_is_refused(model: ConfusionModel, damage, message: str) -> None:  # type: ignore[no-untyped-def]
    with pytest.raises(ModelError, match=message):
        decode_models(damage(encode_models(ConfusionModels(model))), "models.json")


def test_a_model_without_weights_for_a_kind_of_evidence_is_refused(model: ConfusionModel) -> None:
    """Otherwise the first read of that kind would end the worker."""
    incomplete = replace(model, weights={"bare": model.weights["bare"]})
    with pytest.raises(ModelError, match="no weights for full; train it again with `anpr confusions learn`"):
        decode_models(encode_models(ConfusionModels(model, {"c1": incomplete})), "models.json")


def test_the_builtin_model_has_the_direction_of_an_error() -> None:
    """D is read as 0 far more often than the reverse, as in the reads that it was trained from."""
    general = builtin_models().general
    d_as_0, zero_as_d = general.seen_per_misread("D", "0"), general.seen_per_misread("0", "D")
    assert d_as_0 is not None
    assert zero_as_d is None or d_as_0 < zero_as_d / 3
