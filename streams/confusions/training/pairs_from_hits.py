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

from streams.confusions.alignment import align_misread
from streams.confusions.evidence import build_evidence
from streams.confusions.training.pairs import PairOrigin, TrainingPair
from streams.plates.normal_form import PlateError, fold_umlauts, normalise
from streams.records.encode import encode
from streams.records.hit import Hit
from streams.records.read import Read
from streams.records.times import to_ms
from streams.records.verdict import Verdict

PASSAGE_GAP_S: Final = 10.0
"""Reads of one vehicle at one site within so many seconds of the confirmed one are of the same passage."""
_WILDCARDS: Final = frozenset("?*")


class HitPairs(NamedTuple):
    """Pairs, and what was left out: how many of each reason, in words."""

    pairs: list[TrainingPair]
    skipped: dict[str, int]


class _ConfirmedPassage(NamedTuple):
    """A confirmed passage: its place (site, else camera), the true plate and its country, the time in
    milliseconds, and its reads that matched, by (camera, read id), each with whether its list shows misreads.
    """

    site: str
    true_plate: str
    country: str
    captured_ms: int
    matched: dict[tuple[str, str], tuple[Read, bool]]


def pairs_from_hits(
    hits: Sequence[Hit], verdicts: Iterable[Verdict], reads: Iterable[Read] = (), gap_s: float = PASSAGE_GAP_S
) -> HitPairs:
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
    judged = _latest_adjudications([*verdicts, *(hit.verdict for hit in hits if hit.verdict is not None)])
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
            passage = _build_passage(hit, latest.values(), judged, wide, left_out)
            # Several lists may have the same vehicle; its read is one read.
            if passage is not None and (read := (*_read_key(hit.read), passage.true_plate)) not in taken:
                taken.add(read)
                passages.append(passage)
    sites = {hit.place.camera_id: hit.place.site_id or hit.place.camera_id for hit in latest.values()}
    pairs: dict[tuple[str, str], TrainingPair] = {}
    for passage, beside in zip(passages, _reads_by_passage(passages, reads, sites, gap_s), strict=True):
        for name, pair in _passage_pairs(passage, beside, left_out):
            # Of passages that overlap the one in which a read says more is kept.
            if name not in pairs or pairs[name].found == "matched":
                pairs[name] = pair
    return HitPairs(list(pairs.values()), dict(left_out))


def _latest_adjudications(verdicts: Iterable[Verdict]) -> dict[str, str]:
    judged: dict[str, Verdict] = {}
    for verdict in verdicts:
        known = judged.get(verdict.hit_id)
        if verdict.verdict != "acknowledged" and (
            known is None or _verdict_order(known) < _verdict_order(verdict)
        ):
            judged[verdict.hit_id] = verdict
    return {hit_id: verdict.verdict for hit_id, verdict in judged.items()}


def _verdict_order(verdict: Verdict) -> tuple[object, ...]:
    return verdict.at, encode(verdict)


def _build_passage(
    hit: Hit,
    hits: Iterable[Hit],
    adjudications: dict[str, str],
    lists_with_misreads: set[str],
    skipped: Counter[str],
) -> _ConfirmedPassage | None:
    if hit.match.class_ == "pattern" or _WILDCARDS & set(hit.alert.plate):
        skipped["confirmed on a pattern, which is no true plate"] += 1
        return None
    countries = [hit.alert.country or hit.read.country, *hit.match.possible_countries]
    country = next((each for each in countries if each is not None), None)
    if country is None or (countries[0] is None and len(countries) > 2):
        skipped["confirmed, but the country of the plate is not known"] += 1
        return None
    shows = hit.alert.list_id in lists_with_misreads
    matched = {_read_key(hit.read): (hit.read, shows)}
    for other in hits:
        if (
            other.withdrawn is not None
            and other.withdrawn.superseded_by == hit.hit_id
            and adjudications.get(other.hit_id) != "rejected"
        ):
            matched[_read_key(other.read)] = (other.read, shows)
    try:
        true = fold_umlauts(normalise(hit.match.listed_plate))
        for read, _ in matched.values():
            normalise(read.plate)
    except PlateError:
        skipped["confirmed, but a plate in it is none"] += 1
        return None
    place = hit.place.site_id or hit.place.camera_id
    return _ConfirmedPassage(place, true, country, to_ms(hit.read.captured_at), matched)


def _reads_by_passage(
    passages: Sequence[_ConfirmedPassage], reads: Iterable[Read], sites: dict[str, str], gap_s: float
) -> list[dict[tuple[str, str], Read]]:
    """For each passage the reads of its vehicle, matched or not. Reads are gone through once."""
    found: list[dict[tuple[str, str], Read]] = [{} for _ in passages]
    by_place: dict[str, list[tuple[int, int]]] = {}
    for row, passage in enumerate(passages):
        by_place.setdefault(passage.site, []).append((passage.captured_ms, row))
    for times in by_place.values():
        times.sort()
    gap = round(gap_s * 1000)
    for read in reads:
        times = by_place.get(sites.get(read.camera_id, read.camera_id), [])
        at = to_ms(read.captured_at)
        for time, row in times[bisect_left(times, (at - gap, -1)) :]:
            if time > at + gap:
                break
            if _is_of_passage(read, passages[row]):
                found[row][_read_key(read)] = read
    return found


def _is_of_passage(read: Read, passage: _ConfirmedPassage) -> bool:
    if read.country not in (None, passage.country):
        return False
    try:
        return align_misread(build_evidence(read).plate, passage.true_plate) is not None
    except PlateError:
        return False


def _passage_pairs(
    passage: _ConfirmedPassage, passage_reads: dict[tuple[str, str], Read], skipped: Counter[str]
) -> Iterable[tuple[tuple[str, str], TrainingPair]]:
    for name, read in (passage_reads | {name: read for name, (read, _) in passage.matched.items()}).items():
        if name in passage_reads and passage.matched.keys() - {name}:
            yield name, _build_passage_pair(read, passage, "known")
        elif passage.matched[name][1]:
            yield name, _build_passage_pair(read, passage, "matched")
        else:
            skipped["confirmed, but of a list with exact hits only, which shows no misreads"] += 1


def _build_passage_pair(read: Read, passage: _ConfirmedPassage, origin: PairOrigin) -> TrainingPair:
    return build_pair(read, passage.true_plate, passage.country, 1.0, origin)


def build_pair(read: Read, true: str, country: str, times: float, origin: PairOrigin) -> TrainingPair:
    """The pair of a read and its true plate (folded normal form)."""
    return TrainingPair(
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
        found=origin,
    )


def _read_key(read: Read) -> tuple[str, str]:
    return read.camera_id, read.read_id
