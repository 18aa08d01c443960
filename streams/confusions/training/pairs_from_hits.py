"""Pairs from confirmed passages: what was read of vehicles that a centre found to be the listed ones.

Only reads that match make hits, so hits alone show a choice of misreads, and a list that is matched exactly
shows none. Two things are done about it. A read is taken as any other (`known`) where the whole passage is at
hand and another read of it matched: whether it matched itself then had no part in its being seen, as far as
the reads of one passage are misread independently of each other. All others are `matched`: of them only the
slips within confusable classes count, and only of lists that are seen to match those.
"""

from bisect import bisect_left
from collections import Counter
from collections.abc import Iterable, Sequence
from typing import Final, NamedTuple

from streams.confusions.evidence import evidence_of
from streams.confusions.training.counts import edits
from streams.confusions.training.pairs import Found, Pair
from streams.plates.normal_form import PlateError, folded, normal
from streams.records.encode import encode
from streams.records.hit import Hit
from streams.records.read import Read
from streams.records.times import to_ms
from streams.records.verdict import Verdict

GAP_S: Final = 10.0
"""Reads of one vehicle at one site within so many seconds of the confirmed one are of the same passage."""
_PATTERN: Final = frozenset("?*")


class FoundPairs(NamedTuple):
    """Pairs, and what was left out: how many of each reason, in words."""

    pairs: list[Pair]
    left_out: dict[str, int]


class _Passage(NamedTuple):
    """A confirmed passage: its place (site, else camera), the true plate and its country, the time in
    milliseconds, and its reads that matched, by (camera, read id), each with whether its list shows misreads.
    """

    place: str
    true: str
    country: str
    at: int
    matched: dict[tuple[str, str], tuple[Read, bool]]


def pairs_of_passages(
    hits: Sequence[Hit], verdicts: Iterable[Verdict], reads: Iterable[Read] = (), gap_s: float = GAP_S
) -> FoundPairs:
    """The pairs that confirmed hits prove.

    The latest revision of a hit holds; verdicts count as they are given and as they stand on hits, and the
    latest that is no `acknowledged` holds. Hits superseded by a confirmed one are of its passage. `reads` are
    all reads of the cameras, matched or not, in any order: those at the site of a confirmed one (or at its
    camera, where the site is not known) within `gap_s` seconds of it and with fewer than four edits are of
    its vehicle. A hit on a pattern is no pair, for the listed plate is not the vehicle's.
    """
    latest: dict[str, Hit] = {}
    for hit in hits:
        known = latest.get(hit.hit_id)
        if known is None or known.revision <= hit.revision:
            latest[hit.hit_id] = hit
    judged = _judgements([*verdicts, *(hit.verdict for hit in hits if hit.verdict is not None)])
    wide = {
        hit.alert.list_id for hit in latest.values() if hit.match.class_ in ("confusable", "fuzzy")
    }  # fmt: skip
    left_out: Counter[str] = Counter()
    passages = []
    taken: set[tuple[str, str, str]] = set()

    def order(hit: Hit) -> tuple[object, ...]:
        return hit.read.captured_at, hit.alert.list_id not in wide, hit.hit_id

    for hit in sorted(latest.values(), key=order):
        if judged.get(hit.hit_id) == "confirmed":
            passage = _passage(hit, latest.values(), judged, wide, left_out)
            # Several lists may have the same vehicle; its read is one read.
            if passage is not None and (read := (*_name(hit.read), passage.true)) not in taken:
                taken.add(read)
                passages.append(passage)
    sites = {hit.place.camera_id: hit.place.site_id or hit.place.camera_id for hit in latest.values()}
    pairs: dict[tuple[str, str], Pair] = {}
    for passage, beside in zip(passages, _beside(passages, reads, sites, gap_s), strict=True):
        for name, pair in _pairs(passage, beside, left_out):
            # Of passages that overlap the one in which a read says more is kept.
            if name not in pairs or pairs[name].found == "matched":
                pairs[name] = pair
    return FoundPairs(list(pairs.values()), dict(left_out))


def _judgements(verdicts: Iterable[Verdict]) -> dict[str, str]:
    judged: dict[str, Verdict] = {}
    for verdict in verdicts:
        known = judged.get(verdict.hit_id)
        if verdict.verdict != "acknowledged" and (known is None or _order(known) < _order(verdict)):
            judged[verdict.hit_id] = verdict
    return {hit_id: verdict.verdict for hit_id, verdict in judged.items()}


def _order(verdict: Verdict) -> tuple[object, ...]:
    return verdict.at, encode(verdict)


def _passage(
    hit: Hit, hits: Iterable[Hit], judged: dict[str, str], wide: set[str], left_out: Counter[str]
) -> _Passage | None:
    if hit.match.class_ == "pattern" or _PATTERN & set(hit.alert.plate):
        left_out["confirmed on a pattern, which is no true plate"] += 1
        return None
    countries = [hit.alert.country or hit.read.country, *hit.match.possible_countries]
    country = next((each for each in countries if each is not None), None)
    if country is None or (countries[0] is None and len(countries) > 2):
        left_out["confirmed, but the country of the plate is not known"] += 1
        return None
    shows = hit.alert.list_id in wide
    matched = {_name(hit.read): (hit.read, shows)}
    for other in hits:
        if (
            other.withdrawn is not None
            and other.withdrawn.superseded_by == hit.hit_id
            and judged.get(other.hit_id) != "rejected"
        ):
            matched[_name(other.read)] = (other.read, shows)
    try:
        true = folded(normal(hit.match.listed_plate))
        for read, _ in matched.values():
            normal(read.plate)
    except PlateError:
        left_out["confirmed, but a plate in it is none"] += 1
        return None
    place = hit.place.site_id or hit.place.camera_id
    return _Passage(place, true, country, to_ms(hit.read.captured_at), matched)


def _beside(
    passages: Sequence[_Passage], reads: Iterable[Read], sites: dict[str, str], gap_s: float
) -> list[dict[tuple[str, str], Read]]:
    """For each passage the reads of its vehicle, matched or not. Reads are gone through once."""
    found: list[dict[tuple[str, str], Read]] = [{} for _ in passages]
    by_place: dict[str, list[tuple[int, int]]] = {}
    for row, passage in enumerate(passages):
        by_place.setdefault(passage.place, []).append((passage.at, row))
    for times in by_place.values():
        times.sort()
    gap = round(gap_s * 1000)
    for read in reads:
        times = by_place.get(sites.get(read.camera_id, read.camera_id), [])
        at = to_ms(read.captured_at)
        for time, row in times[bisect_left(times, (at - gap, -1)) :]:
            if time > at + gap:
                break
            if _near(read, passages[row]):
                found[row][_name(read)] = read
    return found


def _near(read: Read, passage: _Passage) -> bool:
    if read.country not in (None, passage.country):
        return False
    try:
        return edits(evidence_of(read).plate, passage.true) is not None
    except PlateError:
        return False


def _pairs(
    passage: _Passage, beside: dict[tuple[str, str], Read], left_out: Counter[str]
) -> Iterable[tuple[tuple[str, str], Pair]]:
    for name, read in (beside | {name: read for name, (read, _) in passage.matched.items()}).items():
        if name in beside and passage.matched.keys() - {name}:
            yield name, _pair(read, passage, "known")
        elif passage.matched[name][1]:
            yield name, _pair(read, passage, "matched")
        else:
            left_out["confirmed, but of a list with exact hits only, which shows no misreads"] += 1


def _pair(read: Read, passage: _Passage, found: Found) -> Pair:
    return pair_of(read, passage.true, passage.country, 1.0, found)


def pair_of(read: Read, true: str, country: str, times: float, found: Found) -> Pair:
    """The pair of a read and its true plate (folded normal form)."""
    return Pair(
        truth=true,
        country=country,
        plate=read.plate,
        read_id=read.read_id,
        reader=read.camera_id,
        confidence=read.confidence,
        char_confidences=read.char_confidences,
        candidates=read.candidates,
        char_alternatives=read.char_alternatives,
        times=times,
        found=found,
    )


def _name(read: Read) -> tuple[str, str]:
    return read.camera_id, read.read_id
