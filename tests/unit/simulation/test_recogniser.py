"""The simulated recogniser: misreads follow the learnt model, and confidences the measurements."""

from functools import lru_cache
from typing import Final

import msgspec
import numpy as np
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from streams.confusions.model import ConfusionModel, builtin_models
from streams.plates.fleets import builtin_fleets
from streams.plates.normal_form import MAX_LENGTH
from streams.plates.packed_keys import ALPHABET
from streams.simulation.jsonl_columns import text_table
from streams.simulation.measured_quality import QualityMeasurements, builtin_measurements
from streams.simulation.misreads import QUALITIES
from streams.simulation.recogniser import FULL_CONFIDENCE, Recogniser, SimulatedReads
from streams.simulation.vehicles import Texts, sample_plates
from tools.measure_recogniser import OUTPUT_FILE, measure, read_pairs

MODEL: Final = builtin_models().general
MEASURED: Final = builtin_measurements()
CLEAR, MEDIUM, POOR = range(3)
BUILTIN: Final = Recogniser(MODEL, MEASURED)


@lru_cache(maxsize=1)
def some_plates() -> Texts:
    rng = np.random.default_rng(8)
    return np.concatenate(
        [sample_plates(rng, 5000, country, builtin_fleets()) for country in ("FR", "BE", "NL", "DE")]
    )


def read(recogniser: Recogniser, quality: int, seed: int = 1) -> tuple[Texts, SimulatedReads]:
    true = some_plates()
    said = recogniser.read(np.random.default_rng(seed), true, np.full(len(true), quality, dtype=np.uint8))
    return true[:, : said.text.shape[1]], said


def ungarbled(model: ConfusionModel, measured: QualityMeasurements = MEASURED) -> Recogniser:
    qualities = {
        name: msgspec.structs.replace(each, garbled=0.0) for name, each in measured.qualities.items()
    }
    return Recogniser(model, msgspec.structs.replace(measured, qualities=qualities))


def only(kept: str) -> ConfusionModel:
    """Return the model with errors of one kind only: read as `other`, `lost` or `extra`."""
    kinds = {"-": "lost", "+": "extra"}
    counts = {
        error: count
        for error, count in MODEL.counts.items()
        if kinds.get(error[1] if error[1] == "-" else error[0], "other") == kept
    }
    return msgspec.structs.replace(MODEL, counts=counts)


def test_character_errors_have_the_frequencies_of_the_model() -> None:
    true, said = read(ungarbled(only("other")), POOR)
    found = np.zeros((36, 36))
    is_error = (said.text != true) & (true > 0)
    np.add.at(found, tuple(codes(chars[is_error]) for chars in (true, said.text)), 1)
    model = np.zeros((36, 36))
    for error, count in MODEL.counts.items():
        if "-" not in error and "+" not in error:
            model[ALPHABET.index(error[0]), ALPHABET.index(error[1])] = count
    # No character error that the model does not have.
    assert not found[model == 0].any()
    expected = model / model.sum(axis=1, keepdims=True) * found.sum(axis=1, keepdims=True)
    enough = expected >= 5
    chi_square = ((found - expected) ** 2 / np.where(enough, expected, 1))[enough].sum()
    degrees = enough.sum()
    # Five standard deviations of a chi-square about its mean.
    assert degrees > 100
    assert chi_square < degrees + 5 * np.sqrt(2 * degrees)


@pytest.mark.parametrize("quality", [MEDIUM, POOR])
def test_characters_are_misread_at_the_rate_of_the_model_and_the_quality(quality: int) -> None:
    true, said = read(ungarbled(only("other")), quality)
    its = MEASURED.qualities[QUALITIES[quality]]
    errors = dict.fromkeys(ALPHABET, 0)
    for error, count in only("other").counts.items():
        errors[error[0]] += count
    for char in ALPHABET:
        here = true == ord(char)
        seen = int(here.sum())
        if seen < 500:
            continue
        hazard = -np.log1p(-errors[char] / MODEL.seen[char])
        chance = 1 - (1 + hazard * its.times / its.shape) ** -its.shape
        found = (said.text[here] != true[here]).mean()
        # Errors occur together in reads, so their number varies more than if they were independent.
        assert abs(found - chance) < 6 * np.sqrt(chance / seen) + 0.003, char


@pytest.mark.parametrize(("kind", "step"), [("lost", -1), ("extra", 1)])
def test_characters_are_lost_or_added(kind: str, step: int) -> None:
    true, said = read(ungarbled(only(kind)), POOR)
    change = length(said.text) - length(true)
    # The share of the model multiplied by the factor of the quality, which is gamma-distributed.
    its = MEASURED.qualities["poor"]
    share = sum(only(kind).counts.values()) / sum(MODEL.seen.values())
    assert set(np.unique(change)) <= ({0, 1} if step > 0 else {0, -1, -2, -3, -4, -5})
    expected = share * its.times * length(true).mean()
    assert 0.6 * expected < abs(change).mean() < 1.3 * expected
    same = (change == 0) & (said.text == true).all(axis=1)
    assert same.sum() == (change == 0).sum()
    for row in np.flatnonzero(change)[:200]:
        assert within(*sorted((text(said.text[row]), text(true[row])), key=len))


@pytest.mark.parametrize("quality", [CLEAR, MEDIUM, POOR])
def test_reads_are_right_about_as_often_as_measured(quality: int) -> None:
    true, said = read(BUILTIN, quality)
    found = read_pairs()
    its = [pair for pair in found if pair.quality == QUALITIES[quality]]
    measured = sum(pair.plate != pair.true_plate for pair in its) / len(its)
    wrong = (said.text != true).any(axis=1).mean()
    # The plates are others than those measured on, and Germans have more characters.
    assert 0.85 * measured - 0.003 < wrong < 1.25 * measured + 0.005


def test_confidences_are_as_measured() -> None:
    true, said = read(BUILTIN, POOR)
    right = (said.text == true).all(axis=1)
    inside = said.text[right] > 0
    its = MEASURED.qualities["poor"].right
    found = np.quantile(said.char_confidences[right][inside] / FULL_CONFIDENCE, MEASURED.probabilities)
    np.testing.assert_allclose(found, its, atol=0.06)
    np.testing.assert_allclose(found[4:], its[4:], atol=0.02)
    assert said.confidence[~right].mean() < said.confidence[right].mean() - 1000
    # The confidence in the whole is the mean of those in the characters, as in the pairs.
    mean = said.char_confidences.sum(axis=1) / length(said.text)
    assert np.abs(said.confidence - mean).max() <= 0.5


def test_adjacent_confidences_correlate_as_measured() -> None:
    true, said = read(BUILTIN, MEDIUM)
    right = (said.text == true).all(axis=1) & (length(true) >= 7)
    order = said.char_confidences[right][:, :2].argsort(axis=0, kind="stable").argsort(axis=0, kind="stable")
    assert abs(np.corrcoef(order.T)[0, 1] - MEASURED.together) < 0.08


def test_the_true_character_is_an_alternative_as_often_as_measured() -> None:
    true, said = read(ungarbled(only("other")), POOR)
    wrong = (said.text != true) & (true > 0)
    others, sure = said.alternatives[wrong], said.alternative_confidences[wrong]
    named = ((others == true[wrong][:, None]) & (sure > 0)).sum(axis=0) / wrong.sum()
    assert named.sum() < sum(MEASURED.true_named) + 0.02
    # Slightly less often: alternatives with a negligible confidence are not reported.
    np.testing.assert_allclose(named, MEASURED.true_named, atol=0.04)


@settings(max_examples=60, deadline=None)
@given(
    st.lists(st.text(ALPHABET, min_size=1, max_size=MAX_LENGTH), min_size=1, max_size=8),
    st.integers(0, 2),
    st.integers(0, 2**32),
)
@example(["0"] * 400, 2, 1)
def test_the_output_is_valid_for_any_plate(texts: list[str], quality: int, seed: int) -> None:
    # Twelve characters wide, whatever is in it.
    true = text_table([each.ljust(MAX_LENGTH, "\0") for each in texts])
    model = Recogniser(MODEL, MEASURED)
    said = model.read(np.random.default_rng(seed), true, np.full(len(texts), quality, dtype=np.uint8))
    for row in range(len(texts)):
        read = text(said.text[row])
        size = len(read)
        assert 1 <= size <= MAX_LENGTH and set(read) <= set(ALPHABET)
        assert not said.text[row, size:].any() and not said.char_confidences[row, size:].any()
        assert not said.alternative_confidences[row, size:].any()
        for place in range(size):
            named = said.alternative_confidences[row, place] > 0
            others = said.alternatives[row, place][named].tolist()
            assert len(set(others)) == len(others) and said.text[row, place] not in others
            assert (
                int(said.char_confidences[row, place]) + int(said.alternative_confidences[row, place].sum())
                <= FULL_CONFIDENCE
            )
            assert (said.alternative_confidences[row, place] <= said.char_confidences[row, place]).all()
        assert text(said.candidates[row, 0]) == read
        assert (np.diff(said.candidate_confidences[row].astype(int)) <= 0).all()
        # No candidate is empty, even if no character is the most likely alternative.
        for candidate, sure in zip(said.candidates[row], said.candidate_confidences[row], strict=True):
            assert not sure or text(candidate)


def test_the_measurements_are_up_to_date() -> None:
    made = measure(read_pairs())
    # Ranks of equal confidences are as the processor sorts them.
    assert abs(made.together - MEASURED.together) < 0.01
    made = msgspec.structs.replace(made, together=MEASURED.together)
    assert msgspec.json.format(msgspec.json.encode(made), indent=1) + b"\n" == OUTPUT_FILE.read_bytes()


def codes(chars: Texts) -> np.ndarray:
    return np.searchsorted(np.frombuffer(ALPHABET.encode(), dtype=np.uint8), chars)


def length(texts: Texts) -> np.ndarray:
    return (texts > 0).sum(axis=1)


def text(row: np.ndarray) -> str:
    return row.tobytes().replace(b"\0", b"").decode()


def within(short: str, long: str) -> bool:
    """Return true if the short text is the long one without some characters."""
    rest = iter(long)
    return all(char in rest for char in short)
