"""Training pairs from confirmed hits: reads of vehicles that a centre confirmed to be the listed ones.

Only reads that match make hits, so hits alone show a selection of misreads, and a list matched exactly shows
none. Two rules compensate for that. A read is taken as any other (`known`) if all reads of its passage are
available and another one of them matched: then it would have been found whether it matched or not, as far as
the reads of one passage are misread independently of each other. All others are `matched`: of these only the
character errors within confusable classes count, and only on lists that are seen to match such errors.
"""

from bisect import bisect_left
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Final, NamedTuple

from streams.confusions.alignment import align_misread
from streams.confusions.evidence import build_evidence
from streams.confusions.training.pairs import TrainingPair, build_pair
from streams.plates.normal_form import PlateError, fold_umlauts, normalise
from streams.records.hit import Hit
from streams.records.latest import LatestHits, latest_whole_hits
from streams.records.read import Read
from streams.records.times import SECOND_MS, Millis, to_ms
from streams.records.verdict import Verdict

PASSAGE_GAP_S: Final = 10.0
"""Reads of one vehicle at one site within this many seconds of a confirmed read belong to its passage."""
_WILDCARDS: Final = frozenset("?*")
_ReadKey = tuple[str, str]
"""(camera_id, read_id) of a read."""
_ShownReads = dict[str, dict[_ReadKey, Read]]
"""By hit, the reads that its revisions show."""


class HitPairs(NamedTuple):
    """Training pairs, and the reasons for what was left out, in words, with their counts."""

    pairs: list[TrainingPair]
    skipped: dict[str, int]


class _ConfirmedPassage(NamedTuple):
    """A passage with a confirmed hit."""

    site: str
    """The site; the camera if the site is not known."""
    true_plate: str
    country: str
    captured_ms: Millis
    matched: dict[_ReadKey, Read]
    """The reads of the passage that matched."""
    shows_misreads: bool
    """True if the list is seen to match misreads."""


def pairs_from_hits(
    hits: Iterable[Hit], verdicts: Iterable[Verdict], reads: Iterable[Read] = (), gap_s: float = PASSAGE_GAP_S
) -> HitPairs:
    """Return the training pairs that confirmed hits prove.

    The newest revision of a hit counts, and the newest adjudication, from `verdicts` or from hits. The reads
    of its earlier revisions, and hits superseded by a confirmed one, belong to its passage. `reads` are all
    reads of the cameras, matched or not, in any order: those at the site of a confirmed read (or of its
    camera, if the site is not known), within `gap_s` seconds of it and with fewer than four edits, are of its
    vehicle. A hit on a pattern gives no pair, for the listed plate is not the vehicle's.
    """
    latest = latest_whole_hits()
    shown: _ShownReads = {}
    for hit in hits:
        latest.add_hit(hit)
        shown.setdefault(hit.hit_id, {})[_read_key(hit.read)] = hit.read
    for verdict in verdicts:
        latest.add_verdict(verdict)
    skipped: Counter[str] = Counter()
    passages = _confirmed_passages(latest, shown, skipped)
    sites = {hit.place.camera_id: hit.place.site_id or hit.place.camera_id for hit in latest.values()}
    passage_reads = _reads_by_passage(passages, reads, sites, round(gap_s * SECOND_MS))
    pairs: dict[_ReadKey, TrainingPair] = {}
    for passage, others in zip(passages, passage_reads, strict=True):
        for key, pair in _passage_pairs(passage, others, skipped):
            # Where passages overlap, a `known` pair is kept.
            if key not in pairs or pairs[key].origin == "matched":
                pairs[key] = pair
    return HitPairs(list(pairs.values()), dict(skipped))


def _confirmed_passages(
    latest: LatestHits[Hit], shown: _ShownReads, skipped: Counter[str]
) -> list[_ConfirmedPassage]:
    wide_lists = {hit.alert.list_id for hit in latest.values() if hit.match.class_ in ("confusable", "fuzzy")}
    superseded: dict[str, list[Hit]] = {}
    for hit in latest.values():
        if hit.withdrawn is not None and hit.withdrawn.superseded_by is not None:
            superseded.setdefault(hit.withdrawn.superseded_by, []).append(hit)

    def order(hit: Hit) -> tuple[object, ...]:
        return hit.read.captured_at, hit.alert.list_id not in wide_lists, hit.hit_id

    passages = []
    used_reads: set[tuple[_ReadKey, str]] = set()
    for hit in sorted(latest.values(), key=order):
        if _adjudication(latest, hit) != "confirmed":
            continue
        members = [
            other for other in superseded.get(hit.hit_id, ()) if _adjudication(latest, other) != "rejected"
        ]
        matched: dict[_ReadKey, Read] = {}
        for member in (*members, hit):
            matched |= shown[member.hit_id]
            # A camera may revise the text of a read: that of the newest revision counts.
            matched[_read_key(member.read)] = member.read
        passage = _build_passage(hit, matched, hit.alert.list_id in wide_lists, skipped)
        # Several lists may have the same vehicle; its read is one read.
        if passage is not None and (_read_key(hit.read), passage.true_plate) not in used_reads:
            used_reads.add((_read_key(hit.read), passage.true_plate))
            passages.append(passage)
    return passages


def _adjudication(latest: LatestHits[Hit], hit: Hit) -> str | None:
    adjudication = latest.verdicts.adjudication(hit.hit_id)
    return adjudication.verdict if adjudication is not None else None


def _build_passage(
    hit: Hit, matched: dict[_ReadKey, Read], shows_misreads: bool, skipped: Counter[str]
) -> _ConfirmedPassage | None:
    if hit.match.class_ == "pattern" or _WILDCARDS & set(hit.alert.plate):
        skipped["confirmed on a pattern, which is not a true plate"] += 1
        return None
    country = _plate_country(hit)
    if country is None:
        skipped["confirmed, but the country of the plate is not known"] += 1
        return None
    try:
        true_plate = fold_umlauts(normalise(hit.match.listed_plate))
        for read in matched.values():
            normalise(read.plate)
    except PlateError:
        skipped["confirmed, but with an invalid plate"] += 1
        return None
    site = hit.place.site_id or hit.place.camera_id
    return _ConfirmedPassage(site, true_plate, country, to_ms(hit.read.captured_at), matched, shows_misreads)


def _plate_country(hit: Hit) -> str | None:
    """Return the country of the alert or the read, else the only possible one; None if it is not known."""
    country = hit.alert.country or hit.read.country
    if country is None and len(hit.match.possible_countries) == 1:
        return hit.match.possible_countries[0]
    return country


def _reads_by_passage(
    passages: Sequence[_ConfirmedPassage], reads: Iterable[Read], sites: Mapping[str, str], gap_ms: Millis
) -> list[dict[_ReadKey, Read]]:
    """Return for each passage the reads of its vehicle, matched or not. `reads` is iterated once."""
    passage_reads: list[dict[_ReadKey, Read]] = [{} for _ in passages]
    by_site: dict[str, list[tuple[Millis, int]]] = {}
    for index, passage in enumerate(passages):
        by_site.setdefault(passage.site, []).append((passage.captured_ms, index))
    for times in by_site.values():
        times.sort()
    for read in reads:
        times = by_site.get(sites.get(read.camera_id, read.camera_id), [])
        read_ms = to_ms(read.captured_at)
        for captured_ms, index in times[bisect_left(times, (read_ms - gap_ms, -1)) :]:
            if captured_ms > read_ms + gap_ms:
                break
            if _is_of_passage(read, passages[index]):
                passage_reads[index][_read_key(read)] = read
    return passage_reads


def _is_of_passage(read: Read, passage: _ConfirmedPassage) -> bool:
    if read.country not in (None, passage.country):
        return False
    try:
        return align_misread(build_evidence(read).plate, passage.true_plate) is not None
    except PlateError:
        return False


def _passage_pairs(
    passage: _ConfirmedPassage, passage_reads: dict[_ReadKey, Read], skipped: Counter[str]
) -> Iterator[tuple[_ReadKey, TrainingPair]]:
    for key, read in (passage_reads | passage.matched).items():
        if key in passage_reads and passage.matched.keys() - {key}:
            yield key, build_pair(read, passage.true_plate, passage.country, 1.0, "known")
        elif passage.shows_misreads:
            yield key, build_pair(read, passage.true_plate, passage.country, 1.0, "matched")
        else:
            skipped["confirmed, but on a list with exact hits only, which shows no misreads"] += 1


def _read_key(read: Read) -> _ReadKey:
    return read.camera_id, read.read_id
