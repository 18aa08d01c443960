"""Outcome: what became of the hits told, by list, by camera and by how the plates differ.

Of the hits that centres judged, the share that they confirmed is the precision of what was told. What counts:

- Of a hit the highest revision holds; of several with one number, as after a worker was replaced, the same
  one in whatever order they come.
- `confirmed` and `rejected` are judgements, `acknowledged` is none and hides none. The latest judgement on a
  hit counts, whichever centre gave it, and whether it came by itself or stands on any revision of the hit.
- A judgement is of that hit alone. Others of the same plate read and alert fall when one is rejected, but
  none is confirmed with one that is: to count those as rejected would make the precision too low. They are
  open, unless judged themselves, and counted in `fallen`.
- A hit does not count if another tells of its passage, for that one does: if another stands in its place
  (`superseded`, `alert-replaced`), and if it is of a handover, beside the hit of the passage. Where a later
  version of the alert no longer fits the read none is left: the list has put right what was told. A hit
  that was judged itself counts in any case, for somebody was sent to look.
- A hit whose alert was withdrawn or has expired counts as any other, judged or open: it was told. So do
  historical ones.
"""

from collections.abc import Callable, Hashable, Iterable
from math import fsum, sqrt
from statistics import NormalDist
from typing import Final, NamedTuple, TypeVar

from streams.correlation.verdicts import Verdicts
from streams.records.hit import Hit
from streams.records.match import EditKind, MatchResult
from streams.records.times import to_ms
from streams.records.types import MatchClass
from streams.records.verdict import Verdict

_Z: Final = NormalDist().inv_cdf(0.975)
_REPLACED_REASONS: Final = ("superseded", "alert-replaced")
_Key = TypeVar("_Key", bound=Hashable)


class Interval(NamedTuple):
    """Between which shares, 0 to 1, the true one lies with 95 % confidence."""

    low: float
    high: float


class CameraKey(NamedTuple):
    """A camera, and its site if the hits have one."""

    camera_id: str
    site_id: str | None


class Confusion(NamedTuple):
    """How plates differ at one place: the kind of difference, the character listed and the one read.

    Both are empty where no characters were confused; `kind` is then the class of the match: `exact`,
    `pattern`, or another whose plates differ in nothing but how an umlaut is written.
    """

    kind: EditKind | MatchClass
    listed: str = ""
    read: str = ""


class EmittedCounts(NamedTuple):
    """Hits told, and what became of them.

    `mean_posterior` is that of the judged hits that have a posterior, of which there are `weighed`: as large
    a share of them is confirmed if posteriors hold. It is None if there are none.
    """

    hits: int = 0
    confirmed: int = 0
    rejected: int = 0
    scored: int = 0
    mean_posterior: float | None = None

    @property
    def adjudicated(self) -> int:
        """Hits confirmed or rejected."""
        return self.confirmed + self.rejected

    @property
    def open(self) -> int:
        """Hits that were not judged."""
        return self.hits - self.adjudicated

    @property
    def precision(self) -> float | None:
        """The share confirmed of those judged, 0 to 1; None if none was."""
        return self.confirmed / self.adjudicated if self.adjudicated else None

    @property
    def interval(self) -> Interval | None:
        """Where the precision lies, as far as so few judged hits can tell; None if none was."""
        return wilson_interval(self.confirmed, self.adjudicated) if self.adjudicated else None


class _HitSummary(NamedTuple):
    """What counts of the latest revision of a hit. It begins with the revision, and has no None, so that of
    two the later is the greater."""

    revision: int
    captured_ms: int
    list_id: str
    camera_id: str
    site_id: str
    confusions: tuple[Confusion, ...]
    posterior: tuple[float, ...]
    is_duplicate: bool
    fallen: bool


class PrecisionCounts:
    """What became of hits, of reads captured at a time (ms since 1970 UTC) or later if `begin` is given.

    It takes hits and verdicts in any order, and again and again.
    """

    def __init__(self, since_ms: int | None = None) -> None:
        self._since_ms = since_ms
        self._hits: dict[str, _HitSummary] = {}
        self._adjudications = Verdicts()
        self._adjudicated_ids: set[str] = set()

    def add_hit(self, hit: Hit) -> None:
        """Takes a revision of a hit that was told, and the verdict on it."""
        latest = _summarise_hit(hit)
        known = self._hits.get(hit.hit_id)
        if known is None or known < latest:
            self._hits[hit.hit_id] = latest
        if hit.verdict is not None:
            self.add_verdict(hit.verdict)

    def add_verdict(self, verdict: Verdict) -> None:
        """Takes a verdict, on a hit known already or not."""
        if verdict.verdict != "acknowledged":
            self._adjudications.add(verdict)
            self._adjudicated_ids.add(verdict.hit_id)

    def total(self) -> EmittedCounts:
        """What became of all hits."""
        return self._count(self._counted_ids())

    def by_list(self) -> dict[str, EmittedCounts]:
        """What became of the hits of each list, by list_id in order."""
        found = self._count_by(lambda hit: [hit.list_id])
        return {list_id: found[list_id] for list_id in sorted(found)}

    def by_camera(self) -> dict[CameraKey, EmittedCounts]:
        """What became of the hits of each camera, by camera_id in order; at each site, if it had several."""
        found = self._count_by(lambda hit: [CameraKey(hit.camera_id, hit.site_id or None)])
        return {
            camera: found[camera]
            for camera in sorted(found, key=lambda each: (each.camera_id, each.site_id or ""))
        }

    def by_confusion(self) -> dict[Confusion, EmittedCounts]:
        """What became of the hits with each confusion, the most hits first.

        A hit with several counts once for each of them. How an umlaut is written is no confusion.
        """
        found = self._count_by(lambda hit: hit.confusions)
        return {each: found[each] for each in sorted(found, key=lambda each: (-found[each].hits, each))}

    @property
    def uncounted(self) -> int:
        """Hits that do not count, for another tells of the same passage."""
        return sum(
            hit.is_duplicate and hit_id not in self._adjudicated_ids for hit_id, hit in self._hits_in_period()
        )

    @property
    def fallen(self) -> int:
        """Open hits that were withdrawn when another of the same plate read and alert was rejected."""
        return sum(
            self._hits[each].fallen and each not in self._adjudicated_ids for each in self._counted_ids()
        )

    @property
    def unknown(self) -> int:
        """Judged hits that were never noted."""
        return len(self._adjudicated_ids - self._hits.keys())

    def _hits_in_period(self) -> Iterable[tuple[str, _HitSummary]]:
        for hit_id, hit in self._hits.items():
            if self._since_ms is None or hit.captured_ms >= self._since_ms:
                yield hit_id, hit

    def _counted_ids(self) -> list[str]:
        return [
            hit_id
            for hit_id, hit in self._hits_in_period()
            if not hit.is_duplicate or hit_id in self._adjudicated_ids
        ]

    def _count_by(self, get_keys: Callable[[_HitSummary], Iterable[_Key]]) -> dict[_Key, EmittedCounts]:
        ids: dict[_Key, list[str]] = {}
        for hit_id in self._counted_ids():
            for key in get_keys(self._hits[hit_id]):
                ids.setdefault(key, []).append(hit_id)
        return {key: self._count(found) for key, found in ids.items()}

    def _count(self, hit_ids: list[str]) -> EmittedCounts:
        judgements = [
            each for hit_id in hit_ids if (each := self._adjudications.latest_for(hit_id)) is not None
        ]
        posteriors = [one for each in judgements for one in self._hits[each.hit_id].posterior]
        said = [each.verdict for each in judgements]
        return EmittedCounts(
            hits=len(hit_ids),
            confirmed=said.count("confirmed"),
            rejected=said.count("rejected"),
            scored=len(posteriors),
            # Rounded once, so that it is the same in whatever order they are added up.
            mean_posterior=fsum(posteriors) / len(posteriors) if posteriors else None,
        )


def wilson_interval(confirmed: int, adjudicated: int) -> Interval:
    """The 95 % interval of a share of which `confirmed` of `judged` (1 or more) were seen.

    The score interval of E. B. Wilson, "Probable inference, the law of succession, and statistical
    inference", Journal of the American Statistical Association 22, 1927, 209-212. It holds for few judged
    and near 0 and 1, where the usual one does not (L. D. Brown, T. T. Cai and A. DasGupta, "Interval
    estimation for a binomial proportion", Statistical Science 16, 2001, 101-133). Hits are taken to be
    independent of each other; those of one vehicle are not quite.
    """
    share, square = confirmed / adjudicated, _Z * _Z / adjudicated
    middle = share + square / 2
    half = _Z * sqrt(share * (1 - share) / adjudicated + square / (4 * adjudicated))
    # What is 0 or 1 in numbers without end may come out beside it.
    least = 0.0 if confirmed == 0 else (middle - half) / (1 + square)
    most = 1.0 if confirmed == adjudicated else (middle + half) / (1 + square)
    return Interval(least, most)


def _summarise_hit(hit: Hit) -> _HitSummary:
    reason = None if hit.withdrawn is None else hit.withdrawn.reason
    return _HitSummary(
        hit.revision,
        to_ms(hit.read.captured_at),
        hit.alert.list_id,
        hit.place.camera_id,
        hit.place.site_id or "",
        _find_confusions(hit.match),
        () if hit.match.posterior is None else (hit.match.posterior,),
        is_duplicate=reason in _REPLACED_REASONS or hit.handover is not None,
        fallen=reason == "rejected",
    )


def _find_confusions(match: MatchResult) -> tuple[Confusion, ...]:
    found = {Confusion(each.kind, each.listed, each.read) for each in match.edits if each.kind != "umlaut"}
    if match.class_ == "pattern" or not found:
        return (Confusion(match.class_),)
    return tuple(sorted(found))
