"""Evidence: the output of a recogniser for one read, in the form in which it is scored."""

from collections.abc import Mapping, Sequence
from math import log
from typing import Final, Literal, NamedTuple, Protocol

from streams.plates.normal_form import PlateError, fold_umlauts, normalise
from streams.plates.packed_keys import ALPHABET
from streams.records.read import CharAlternative, PlateCandidate

EvidenceKind = Literal["full", "characters", "plate", "bare"]
"""How detailed a recogniser's output is: `full`, with alternative characters or texts; `characters`, a
confidence for each character; `plate`, one for the whole plate; `bare`, none."""
EVIDENCE_KINDS: Final[tuple[EvidenceKind, ...]] = ("full", "characters", "plate", "bare")

MIN_PROBABILITY: Final = 1e-4
"""Lower probabilities are raised to this; recognisers round there."""
_MIN_RANKED_ALTERNATIVES: Final = 3
_MAX_SHARES_SUM: Final = 1.01
"""Confidences of whole texts that add up to more are no probabilities, so they are not used as such."""
MAX_NAMED: Final = 8
"""Only this many alternative characters of a position are used, the likeliest, so that no read takes long."""
CHAR_CODES: Final[Mapping[str, int]] = {char: code for code, char in enumerate(ALPHABET)}

_CharShares = Sequence[tuple[str, float]]
"""Alternative characters of one position with their probabilities; the empty string for no character."""


class RecogniserOutput(Protocol):
    """The output of a recogniser, as in a `Read`."""

    @property
    def plate(self) -> str: ...
    @property
    def confidence(self) -> float | None: ...
    @property
    def char_confidences(self) -> Sequence[float] | None: ...
    @property
    def candidates(self) -> Sequence[PlateCandidate] | None: ...
    @property
    def char_alternatives(self) -> Sequence[Sequence[CharAlternative]] | None: ...


class Evidence(NamedTuple):
    """A read of n characters; all lists have one entry per position."""

    kind: EvidenceKind
    plate: str
    """The plate as read, in folded normal form."""
    codes: list[int]
    """What was read, as codes from 0 (see ALPHABET)."""
    log_confidences: list[float]
    """The logarithm of the confidence in each character."""
    log_alternatives: list[dict[int, float]]
    """By code, the log probability of other characters that the recogniser named."""
    log_unnamed: list[float]
    """The greatest log probability that a character not named can have."""
    log_absent: list[float]
    """The log probability that there is no character."""
    texts: dict[str, float]
    """Whole texts that the recogniser named, with their probability."""
    own_share: float | None
    """The probability of the plate as read among them; None if it is not named."""


def build_evidence(read: RecogniserOutput) -> Evidence:
    """Return the evidence of a read. Raises PlateError for an invalid plate."""
    plate = fold_umlauts(normalise(read.plate))
    texts = _candidate_texts(read)
    confidences = _character_confidences(read, plate, texts)
    if confidences is None:
        return _plate_evidence(read, plate, texts)
    named: Sequence[_CharShares] = [()] * len(plate)
    alternatives, has_alternatives = read.char_alternatives, False
    if alternatives is not None and len(alternatives) == len(plate) and _has_own_confidences(read, plate):
        named = [_rank_alternatives(char, others) for char, others in zip(plate, alternatives, strict=True)]
        has_alternatives = any(alternatives)
    if texts:
        named = _add_named_by_texts(plate, confidences, named, texts)
    return Evidence(
        "full" if texts or has_alternatives else "characters",
        plate,
        _to_codes(plate),
        [_clipped_log(confidence) for confidence in confidences],
        [_log_alternatives(shares) for shares in named],
        [_log_unnamed(confidence, shares) for confidence, shares in zip(confidences, named, strict=True)],
        [_log_absent(shares) for shares in named],
        texts,
        texts.get(plate),
    )


def _plate_evidence(read: RecogniserOutput, plate: str, texts: dict[str, float]) -> Evidence:
    """Return the evidence of a read without confidences of single characters."""
    kind: EvidenceKind = "bare" if read.confidence is None else "plate"
    log_confidence = 0.0 if read.confidence is None else _clipped_log(read.confidence)
    log_error = log(MIN_PROBABILITY) if read.confidence is None else _clipped_log(1 - read.confidence)
    count = len(plate)
    return Evidence(
        kind,
        plate,
        _to_codes(plate),
        [log_confidence] * count,
        [{}] * count,
        [log_error] * count,
        [log_error] * count,
        texts,
        texts.get(plate),
    )


def _has_own_confidences(read: RecogniserOutput, plate: str) -> bool:
    return read.char_confidences is not None and len(read.char_confidences) == len(plate)


def _character_confidences(
    read: RecogniserOutput, plate: str, texts: Mapping[str, float]
) -> Sequence[float] | None:
    """Return the confidence in each character, given or derived from whole texts; None without either."""
    if _has_own_confidences(read, plate):
        return read.char_confidences
    if plate in texts and sum(texts.values()) <= _MAX_SHARES_SUM:
        return _confidences_from_texts(plate, texts)
    return None


def _confidences_from_texts(plate: str, texts: Mapping[str, float]) -> list[float]:
    """Return the confidence in each character from those of whole texts, the read among them.

    It is the sum over the texts of the same length that have the character at that position.
    """
    same_length = [(text, share) for text, share in texts.items() if len(text) == len(plate)]
    return [
        min(sum(share for text, share in same_length if text[position] == char), 1.0)
        for position, char in enumerate(plate)
    ]


def _rank_alternatives(read_char: str, alternatives: Sequence[CharAlternative]) -> _CharShares:
    """Return the other characters named for a position, each once, at most MAX_NAMED.

    Recognisers also list the character read, and sometimes one character twice; neither reduces the others.
    """
    shares: dict[str, float] = {}
    ranked: list[tuple[str, float]] = []
    for alternative in alternatives:
        char = fold_umlauts(alternative.char.upper())
        share = alternative.confidence or MIN_PROBABILITY
        if not char:
            ranked.append((char, share))
        elif char != read_char and share > shares.get(char, 0.0):
            shares[char] = share
    ranked += shares.items()
    if len(ranked) > MAX_NAMED:
        ranked = sorted(ranked, key=_likeliest_first)[:MAX_NAMED]
    return ranked


def _add_named_by_texts(
    plate: str, confidences: Sequence[float], named: Sequence[_CharShares], texts: Mapping[str, float]
) -> list[list[tuple[str, float]]]:
    """Return the named characters of each position, with those that only a text of the same length names.

    The ratio of such a character to the one read is that of its text to the plate as read; all characters of
    a position together have no more than 1. The likeliest text comes first, whatever their order.
    """
    own_share = texts.get(plate) or max(texts.values())
    extended = [list(shares) for shares in named]
    other_texts = [item for item in texts.items() if len(item[0]) == len(plate) and item[0] != plate]
    if not other_texts:
        return extended
    other_texts.sort(key=_likeliest_first)
    for position, (read_char, confidence, shares) in enumerate(
        zip(plate, confidences, extended, strict=True)
    ):
        seen = {read_char, *(char for char, _ in shares)}
        remaining = 1 - confidence - sum(share for _, share in shares)
        for text, text_share in other_texts:
            char = text[position]
            if char not in seen and len(shares) < MAX_NAMED:
                share = min(confidence * text_share / own_share, remaining)
                if share > MIN_PROBABILITY:
                    shares.append((char, share))
                    seen.add(char)
                    remaining -= share
    return extended


def _log_alternatives(shares: _CharShares) -> dict[int, float]:
    return {CHAR_CODES[char]: _clipped_log(share) for char, share in shares if char in CHAR_CODES}


def _log_unnamed(confidence: float, shares: _CharShares) -> float:
    remaining = 1 - confidence - sum(share for _, share in shares)
    if len(shares) >= _MIN_RANKED_ALTERNATIVES:
        # A ranked list ends with its least likely character; one not in it is no likelier.
        remaining = min(remaining, *(share for _, share in shares))
    return _clipped_log(remaining)


def _log_absent(shares: _CharShares) -> float:
    return _clipped_log(max((share for char, share in shares if not char), default=MIN_PROBABILITY))


def _likeliest_first(item: tuple[str, float]) -> tuple[float, str]:
    return -item[1], item[0]


def _candidate_texts(read: RecogniserOutput) -> dict[str, float]:
    texts: dict[str, float] = {}
    for candidate in read.candidates or ():
        if candidate.confidence:
            try:
                text = fold_umlauts(normalise(candidate.plate))
            except PlateError:
                continue
            # Raised to MIN_PROBABILITY: the ratio of another text to one of nearly zero would be unbounded.
            texts[text] = max(texts.get(text, MIN_PROBABILITY), candidate.confidence)
    return texts


def _to_codes(plate: str) -> list[int]:
    return [CHAR_CODES[char] for char in plate]


def _clipped_log(share: float) -> float:
    return log(min(max(share, MIN_PROBABILITY), 1.0))
