"""Evidence: what a recogniser says of one read, in the form in which it is weighed."""

from collections.abc import Mapping, Sequence
from math import log
from typing import Final, Literal, NamedTuple, Protocol

from streams.plates.keys import ALPHABET
from streams.plates.normal import PlateError, folded, normal
from streams.records.read import Candidate, CharAlternative

Kind = Literal["full", "characters", "plate", "bare"]
"""How much the recogniser tells: other characters or texts that it thought possible; a confidence for each
character; one for the whole plate; nothing."""
KINDS: Final[tuple[Kind, ...]] = ("full", "characters", "plate", "bare")

LEAST: Final = 1e-4
"""Probabilities below this are taken for this; recognisers round there."""
_FEW_ALTERNATIVES: Final = 3
MOST_NAMED: Final = 8
"""Characters named for a place beyond these, the likeliest, count as not named: no read is to take long."""
CODE: Final[Mapping[str, int]] = {char: code for code, char in enumerate(ALPHABET)}


class Recognised(Protocol):
    """What a recogniser gave, as in a `Read`."""

    @property
    def plate(self) -> str: ...
    @property
    def confidence(self) -> float | None: ...
    @property
    def char_confidences(self) -> Sequence[float] | None: ...
    @property
    def candidates(self) -> Sequence[Candidate] | None: ...
    @property
    def char_alternatives(self) -> Sequence[Sequence[CharAlternative]] | None: ...


class Evidence(NamedTuple):
    """A read of n characters, weighed place by place; all lists have n entries.

    `codes`: what was read (codes from 0, `ALPHABET`); `sure`: the logarithm of the confidence in each;
    `others`: by code, that of other characters named for the place; `rest`: the most that a character not
    named can have; `none`: that there is no character. `texts`: whole texts named, with their probability;
    `own`: that of the read itself, None if it is not named.
    """

    kind: Kind
    plate: str
    codes: list[int]
    sure: list[float]
    others: list[dict[int, float]]
    rest: list[float]
    none: list[float]
    texts: dict[str, float]
    own: float | None


def evidence_of(read: Recognised) -> Evidence:
    """The evidence of a read. Raises PlateError for a plate that is none."""
    plate = folded(normal(read.plate))
    count = len(plate)
    confidences = read.char_confidences
    if confidences is not None and len(confidences) != count:
        confidences = None
    named: Sequence[Sequence[tuple[str, float]]] = [()] * count
    given = read.char_alternatives
    if given is not None and len(given) == count and confidences is not None:
        named = [_likeliest(place) for place in given]
    texts = _texts(read)
    own = texts.get(plate)
    if confidences is None:
        kind: Kind = "bare" if read.confidence is None else "plate"
        sure = [0.0 if read.confidence is None else _log(read.confidence)] * count
        rest = [log(LEAST) if read.confidence is None else _log(1 - read.confidence)] * count
        return Evidence(kind, plate, _codes(plate), sure, [{}] * count, rest, rest, texts, own)
    kind = "full" if texts or any(named) else "characters"
    if texts:
        named = _named_by_texts(plate, confidences, named, texts)
    others, rest, none = [], [], []
    for confidence, place in zip(confidences, named, strict=True):
        left = 1 - confidence - sum(share for _, share in place)
        if len(place) >= _FEW_ALTERNATIVES:
            left = min(left, *(share for _, share in place))
        rest.append(_log(left))
        others.append({CODE[char.upper()]: _log(share) for char, share in place if char.upper() in CODE})
        none.append(_log(max((share for char, share in place if not char), default=LEAST)))
    return Evidence(
        kind, plate, _codes(plate), [_log(each) for each in confidences], others, rest, none, texts, own
    )


def _likeliest(place: Sequence[CharAlternative]) -> list[tuple[str, float]]:
    """The characters named for a place with their probability, at most MOST_NAMED."""
    found = [(each.char, each.confidence or LEAST) for each in place]
    if len(found) > MOST_NAMED:
        found = sorted(found, key=lambda each: each[1], reverse=True)[:MOST_NAMED]
    return found


def _named_by_texts(
    plate: str,
    confidences: Sequence[float],
    named: Sequence[Sequence[tuple[str, float]]],
    texts: Mapping[str, float],
) -> list[list[tuple[str, float]]]:
    """The characters named for each place, with those that only a whole text of the same length names.

    Such a character is as likely, against the one read, as its text is against the text read; all characters
    of a place together have no more than 1.
    """
    own = texts.get(plate) or max(texts.values())
    found = [list(place) for place in named]
    for text, share in texts.items():
        if len(text) != len(plate):
            continue
        for place, (read, char) in enumerate(zip(plate, text, strict=True)):
            if char != read and all(char != other.upper() for other, _ in found[place]):
                left = 1 - confidences[place] - sum(each for _, each in found[place])
                likely = min(confidences[place] * share / own, left)
                if likely > LEAST:
                    found[place].append((char, likely))
    return found


def _texts(read: Recognised) -> dict[str, float]:
    found: dict[str, float] = {}
    for each in read.candidates or ():
        if each.confidence:
            try:
                text = folded(normal(each.plate))
            except PlateError:
                continue
            found[text] = max(found.get(text, 0.0), each.confidence)
    return found


def _codes(plate: str) -> list[int]:
    return [CODE[char] for char in plate]


def _log(share: float) -> float:
    return log(min(max(share, LEAST), 1.0))
