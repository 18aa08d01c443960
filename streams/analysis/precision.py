"""Precision of emitted hits: their outcomes by list, by camera and by how the plates differ.

The precision is the share confirmed of the hits that centres adjudicated. What counts:

- Of a hit, the latest revision counts, in whatever order revisions arrive. Where a replaced worker wrote
  another revision of the same number, one of the two is chosen independently of their order.
- The latest adjudication (`confirmed` or `rejected`) of a hit counts, whichever centre gave it, and whether
  it came as a verdict or is in any revision of the hit. `acknowledged` is no adjudication.
- An adjudication applies to one hit only. A rejection retracts the other hits of the same plate read and
  alert, but a confirmation confirms no other; counting those others as rejected would make the precision too
  low. They are open unless adjudicated themselves, and are counted as `fallen`.
- A hit does not count if another hit is of the same passage: a replaced one (`superseded`,
  `alert-replaced`), and one of a handover. Where a later version of the alert no longer matches the read, no
  hit is left: the list has corrected what was emitted. A hit that was adjudicated itself always counts,
  because an officer acted on it.
- Hits of expired or withdrawn alerts and historical hits count like any other.
"""

from collections.abc import Callable, Hashable, Iterable
from math import fsum, sqrt
from statistics import NormalDist
from typing import Final, NamedTuple, TypeVar

from streams.analysis.hit_ledger import is_duplicate
from streams.records.hit import Hit
from streams.records.latest import LatestHits
from streams.records.match import EditKind, MatchResult
from streams.records.times import Millis, to_ms
from streams.records.types import MatchClass
from streams.records.verdict import Verdict

_Z_95: Final = NormalDist().inv_cdf(0.975)
"""Standard score of a two-sided 95 % interval."""
_Key = TypeVar("_Key", bound=Hashable)


class Interval(NamedTuple):
    """A 95 % confidence interval of a share, 0 to 1."""

    low: float
    high: float


class CameraKey(NamedTuple):
    """A camera, and its site if the hits have one."""

    camera_id: str
    site_id: str | None


class Confusion(NamedTuple):
    """One difference between two plates: its kind, the listed character and the one read.

    Without character errors both characters are empty, and `kind` is the match class: `exact`, `pattern`, or
    the class of a match that differs only in the spelling of an umlaut.
    """

    kind: EditKind | MatchClass
    listed: str = ""
    read: str = ""


class EmittedCounts(NamedTuple):
    """Numbers of emitted hits by outcome.

    `scored` is the number of adjudicated hits with a posterior, and `mean_posterior` the mean of those (None
    if there are none). If the posteriors are correct, the precision is close to their mean.
    """

    hits: int = 0
    confirmed: int = 0
    rejected: int = 0
    scored: int = 0
    mean_posterior: float | None = None

    @property
    def adjudicated(self) -> int:
        """The number of hits that were confirmed or rejected."""
        return self.confirmed + self.rejected

    @property
    def open(self) -> int:
        """The number of hits that were not adjudicated."""
        return self.hits - self.adjudicated

    @property
    def precision(self) -> float | None:
        """The share confirmed of the adjudicated hits, 0 to 1; None if there are none."""
        return self.confirmed / self.adjudicated if self.adjudicated else None

    @property
    def interval(self) -> Interval | None:
        """The confidence interval of the precision; None if no hit was adjudicated."""
        return wilson_interval(self.confirmed, self.adjudicated) if self.adjudicated else None


class _HitSummary(NamedTuple):
    """What counts of the latest revision of a hit; without None, so that two summaries can be ordered."""

    captured_ms: Millis
    list_id: str
    camera_id: str
    site_id: str
    confusions: tuple[Confusion, ...]
    posterior: tuple[float, ...]
    is_duplicate: bool
    fallen: bool


class PrecisionCounts:
    """Outcomes of hits, from hits and verdicts in any order and with repetitions.

    With `since_ms`, only hits of reads captured at that time or later count.
    """

    def __init__(self, since_ms: Millis | None = None) -> None:
        self._since_ms = since_ms
        self._hits = LatestHits(_summarise_hit, tuple)
        self._verdicts = self._hits.verdicts

    def add_hit(self, hit: Hit) -> None:
        """Add an emitted revision of a hit, with the verdict on it."""
        self._hits.add_hit(hit)

    def add_verdict(self, verdict: Verdict) -> None:
        """Add a verdict on a known or unknown hit."""
        self._hits.add_verdict(verdict)

    def total(self) -> EmittedCounts:
        """Return the outcomes of all hits."""
        return self._count(self._counted_ids())

    def by_list(self) -> dict[str, EmittedCounts]:
        """Return the outcomes of the hits of each list, sorted by list_id."""
        counts = self._count_by(lambda hit: [hit.list_id])
        return {list_id: counts[list_id] for list_id in sorted(counts)}

    def by_camera(self) -> dict[CameraKey, EmittedCounts]:
        """Return the outcomes of the hits of each camera and site, sorted by camera_id."""
        counts = self._count_by(lambda hit: [CameraKey(hit.camera_id, hit.site_id or None)])
        cameras = sorted(counts, key=lambda camera: (camera.camera_id, camera.site_id or ""))
        return {camera: counts[camera] for camera in cameras}

    def by_confusion(self) -> dict[Confusion, EmittedCounts]:
        """Return the outcomes of the hits with each confusion, the most frequent first.

        A hit with several confusions counts once for each. The spelling of an umlaut is no confusion.
        """
        counts = self._count_by(lambda hit: hit.confusions)
        confusions = sorted(counts, key=lambda confusion: (-counts[confusion].hits, confusion))
        return {confusion: counts[confusion] for confusion in confusions}

    @property
    def uncounted(self) -> int:
        """The number of hits that do not count, because another hit is of the same passage."""
        return sum(hit.is_duplicate and not self._is_adjudicated(id_) for id_, hit in self._hits_in_period())

    @property
    def fallen(self) -> int:
        """The number of open hits that were retracted because another of the same pair was rejected."""
        return sum(self._hits[id_].fallen and not self._is_adjudicated(id_) for id_ in self._counted_ids())

    @property
    def unknown(self) -> int:
        """The number of adjudicated hits that were never added."""
        return len(self._verdicts.adjudicated_ids - self._hits.keys())

    def _is_adjudicated(self, hit_id: str) -> bool:
        return hit_id in self._verdicts.adjudicated_ids

    def _hits_in_period(self) -> Iterable[tuple[str, _HitSummary]]:
        for hit_id, hit in self._hits.items():
            if self._since_ms is None or hit.captured_ms >= self._since_ms:
                yield hit_id, hit

    def _counted_ids(self) -> list[str]:
        return [
            hit_id
            for hit_id, hit in self._hits_in_period()
            if not hit.is_duplicate or self._is_adjudicated(hit_id)
        ]

    def _count_by(self, get_keys: Callable[[_HitSummary], Iterable[_Key]]) -> dict[_Key, EmittedCounts]:
        hit_ids: dict[_Key, list[str]] = {}
        for hit_id in self._counted_ids():
            for key in get_keys(self._hits[hit_id]):
                hit_ids.setdefault(key, []).append(hit_id)
        return {key: self._count(ids) for key, ids in hit_ids.items()}

    def _count(self, hit_ids: list[str]) -> EmittedCounts:
        adjudications = [
            verdict for hit_id in hit_ids if (verdict := self._verdicts.adjudication(hit_id)) is not None
        ]
        posteriors = [
            posterior for verdict in adjudications for posterior in self._hits[verdict.hit_id].posterior
        ]
        outcomes = [verdict.verdict for verdict in adjudications]
        return EmittedCounts(
            hits=len(hit_ids),
            confirmed=outcomes.count("confirmed"),
            rejected=outcomes.count("rejected"),
            scored=len(posteriors),
            # fsum rounds once, so that the mean does not depend on the order of the hits.
            mean_posterior=fsum(posteriors) / len(posteriors) if posteriors else None,
        )


def wilson_interval(confirmed: int, adjudicated: int) -> Interval:
    """Return the 95 % confidence interval of the share confirmed of `adjudicated` hits, 1 or more.

    This is the score interval of E. B. Wilson, "Probable inference, the law of succession, and statistical
    inference", Journal of the American Statistical Association 22, 1927, 209-212. It holds for few
    adjudications and near 0 and 1, where the usual interval does not (L. D. Brown, T. T. Cai and A. DasGupta,
    "Interval estimation for a binomial proportion", Statistical Science 16, 2001, 101-133). Hits are assumed
    independent of each other; those of one vehicle are not quite.
    """
    share, square = confirmed / adjudicated, _Z_95 * _Z_95 / adjudicated
    middle = share + square / 2
    half = _Z_95 * sqrt(share * (1 - share) / adjudicated + square / (4 * adjudicated))
    # Rounding would miss the exact bounds 0 and 1.
    low = 0.0 if confirmed == 0 else (middle - half) / (1 + square)
    high = 1.0 if confirmed == adjudicated else (middle + half) / (1 + square)
    return Interval(low, high)


def _summarise_hit(hit: Hit) -> _HitSummary:
    return _HitSummary(
        to_ms(hit.read.captured_at),
        hit.alert.list_id,
        hit.place.camera_id,
        hit.place.site_id or "",
        _find_confusions(hit.match),
        () if hit.match.posterior is None else (hit.match.posterior,),
        is_duplicate=is_duplicate(hit),
        fallen=hit.withdrawn is not None and hit.withdrawn.reason == "rejected",
    )


def _find_confusions(match: MatchResult) -> tuple[Confusion, ...]:
    confusions = {
        Confusion(edit.kind, edit.listed, edit.read) for edit in match.edits if edit.kind != "umlaut"
    }
    if match.class_ == "pattern" or not confusions:
        return (Confusion(match.class_),)
    return tuple(sorted(confusions))
