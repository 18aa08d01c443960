"""Evidence: what a recogniser says of one read, in the form in which it is weighed."""

from collections.abc import Mapping, Sequence
from math import log
from typing import Final, Literal, NamedTuple, Protocol

from streams.plates.normal_form import PlateError, fold_umlauts, normalise
from streams.plates.packed_keys import ALPHABET
from streams.records.read import CharAlternative, PlateCandidate

EvidenceKind = Literal["full", "characters", "plate", "bare"]
"""How much the recogniser tells: other characters or texts that it thought possible; a confidence for each
character; one for the whole plate; nothing."""
EVIDENCE_KINDS: Final[tuple[EvidenceKind, ...]] = ("full", "characters", "plate", "bare")

MIN_PROBABILITY: Final = 1e-4
"""Probabilities below this are taken for this; recognisers round there."""
_MIN_RANKED_ALTERNATIVES: Final = 3
_MAX_SHARES_SUM: Final = 1.01
"""Whole texts whose confidences add up to more are not told with probabilities, so they say little."""
MAX_NAMED: Final = 8
"""Characters named for a place beyond these, the likeliest, count as not named: no read is to take long."""
CHAR_CODES: Final[Mapping[str, int]] = {char: code for code, char in enumerate(ALPHABET)}


class RecogniserOutput(Protocol):
    """What a recogniser gave, as in a `Read`."""

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
    """A read of n characters, weighed place by place; all lists have n entries.

    `codes`: what was read (codes from 0, `ALPHABET`); `sure`: the logarithm of the confidence in each;
    `others`: by code, that of other characters named for the place; `rest`: the most that a character not
    named can have; `none`: that there is no character. `texts`: whole texts named, with their probability;
    `own`: that of the read itself, None if it is not named.
    """

    kind: EvidenceKind
    plate: str
    codes: list[int]
    log_confidences: list[float]
    log_alternatives: list[dict[int, float]]
    log_unnamed: list[float]
    log_absent: list[float]
    texts: dict[str, float]
    own_share: float | None


def build_evidence(read: RecogniserOutput) -> Evidence:
    """The evidence of a read. Raises PlateError for a plate that is none."""
    plate = fold_umlauts(normalise(read.plate))
    count = len(plate)
    confidences = read.char_confidences
    if confidences is not None and len(confidences) != count:
        confidences = None
    named: Sequence[Sequence[tuple[str, float]]] = [()] * count
    given, alternatives = read.char_alternatives, False
    if given is not None and len(given) == count and confidences is not None:
        named = [_rank_alternatives(char, place) for char, place in zip(plate, given, strict=True)]
        alternatives = any(given)
    texts = _candidate_texts(read)
    own = texts.get(plate)
    if confidences is None and own is not None and sum(texts.values()) <= _MAX_SHARES_SUM:
        confidences = _confidences_from_texts(plate, texts)
    if confidences is None:
        kind: EvidenceKind = "bare" if read.confidence is None else "plate"
        sure = [0.0 if read.confidence is None else _clipped_log(read.confidence)] * count
        rest = [
            log(MIN_PROBABILITY) if read.confidence is None else _clipped_log(1 - read.confidence)
        ] * count
        return Evidence(kind, plate, _to_codes(plate), sure, [{}] * count, rest, rest, texts, own)
    kind = "full" if texts or alternatives else "characters"
    if texts:
        named = _add_named_by_texts(plate, confidences, named, texts)
    others, rest, none = [], [], []
    for confidence, place in zip(confidences, named, strict=True):
        left = 1 - confidence - sum(share for _, share in place)
        if len(place) >= _MIN_RANKED_ALTERNATIVES:
            left = min(left, *(share for _, share in place))
        rest.append(_clipped_log(left))
        others.append({CHAR_CODES[char]: _clipped_log(share) for char, share in place if char in CHAR_CODES})
        none.append(_clipped_log(max((share for char, share in place if not char), default=MIN_PROBABILITY)))
    return Evidence(
        kind,
        plate,
        _to_codes(plate),
        [_clipped_log(each) for each in confidences],
        others,
        rest,
        none,
        texts,
        own,
    )


def _confidences_from_texts(plate: str, texts: Mapping[str, float]) -> list[float]:
    """The confidence in each character of a reader that tells only that of whole texts, the read among them:
    what the texts of its length that have the character there have together."""
    alike = [(text, share) for text, share in texts.items() if len(text) == len(plate)]
    return [
        min(sum(share for text, share in alike if text[place] == char), 1.0)
        for place, char in enumerate(plate)
    ]


def _rank_alternatives(read: str, alternatives: Sequence[CharAlternative]) -> list[tuple[str, float]]:
    """The other characters named for a place with their probability, each once, at most MOST_NAMED.

    Recognisers list the character read too, and one character twice; neither takes anything from the others.
    """
    others: dict[str, float] = {}
    found: list[tuple[str, float]] = []
    for each in alternatives:
        char, share = fold_umlauts(each.char.upper()), each.confidence or MIN_PROBABILITY
        if not char:
            found.append((char, share))
        elif char != read and share > others.get(char, 0.0):
            others[char] = share
    found += others.items()
    if len(found) > MAX_NAMED:
        found = sorted(found, key=_likeliest_first)[:MAX_NAMED]
    return found


def _add_named_by_texts(
    plate: str,
    confidences: Sequence[float],
    named: Sequence[Sequence[tuple[str, float]]],
    texts: Mapping[str, float],
) -> list[list[tuple[str, float]]]:
    """The characters named for each place, with those that only a whole text of the same length names.

    Such a character is as likely, against the one read, as its text is against the text read; all characters
    of a place together have no more than 1. The likeliest text comes first, whatever their order.
    """
    own = texts.get(plate) or max(texts.values())
    found = [list(place) for place in named]
    others = [each for each in texts.items() if len(each[0]) == len(plate) and each[0] != plate]
    if not others:
        return found
    others.sort(key=_likeliest_first)
    for place, (read, confidence, here) in enumerate(zip(plate, confidences, found, strict=True)):
        known = {read, *(char for char, _ in here)}
        left = 1 - confidence - sum(share for _, share in here)
        for text, share in others:
            char = text[place]
            if char not in known and len(here) < MAX_NAMED:
                likely = min(confidence * share / own, left)
                if likely > MIN_PROBABILITY:
                    here.append((char, likely))
                    known.add(char)
                    left -= likely
    return found


def _likeliest_first(named: tuple[str, float]) -> tuple[float, str]:
    return -named[1], named[0]


def _candidate_texts(read: RecogniserOutput) -> dict[str, float]:
    found: dict[str, float] = {}
    for each in read.candidates or ():
        if each.confidence:
            try:
                text = fold_umlauts(normalise(each.plate))
            except PlateError:
                continue
            # Held to LEAST: of what is next to nothing, another text would be any number of times likelier.
            found[text] = max(found.get(text, MIN_PROBABILITY), each.confidence)
    return found


def _to_codes(plate: str) -> list[int]:
    return [CHAR_CODES[char] for char in plate]


def _clipped_log(share: float) -> float:
    return log(min(max(share, MIN_PROBABILITY), 1.0))
