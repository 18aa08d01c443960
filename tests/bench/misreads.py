"""The posterior on real misreads: learnt on one half, measured on the other, and the halves changed over.

Recall is the share of reads whose vehicle, were it listed, would be a candidate with at least the posterior.
False hits are those expected of a list of a million plates, drawn as the fleets are: for each read the sum,
over all candidates but its own vehicle, of the chance that the plate is listed.
"""

import gzip
from collections import Counter
from itertools import pairwise
from pathlib import Path
from typing import Final, NamedTuple

import numpy as np
from numpy.typing import NDArray

from streams.confusions.evidence import evidence_of
from streams.confusions.hypotheses import hypotheses
from streams.confusions.learn import learn
from streams.confusions.pairs import Pair, decode_pair
from streams.matching.posterior import Weigher
from streams.plates.fleets import shipped_fleets
from tests.bench.table import show

PAIRS: Final = Path(__file__).parents[1] / "data" / "misreads.jsonl.gz"
LISTED: Final = 1_000_000
THRESHOLDS: Final = (0.95, 0.9, 0.8, 0.7, 0.6, 0.5, 0.4, 0.3, 0.2, 0.1)
RECALLS: Final = (0.935, 0.95)
BINS: Final = (0.1, 0.3, 0.5, 0.7, 0.9, 0.99, 1.0)


class Half(NamedTuple):
    """One half measured: the posterior of each read's own vehicle (-1 if it is no candidate), those of all
    other candidates and how many of each are expected on a list; the same for exact matching."""

    own: NDArray[np.float64]
    others: NDArray[np.float64]
    chances: NDArray[np.float64]
    weights: NDArray[np.float64]
    exact: float
    exact_false: float

    def false(self, threshold: float) -> float:
        """False hits per 100,000 reads."""
        return float(self.chances[self.others >= threshold].sum()) / len(self.own) * 1e5

    def threshold(self, recall: float) -> float:
        """The highest threshold that gives a recall."""
        return float(np.sort(self.own)[::-1][int(np.ceil(recall * len(self.own))) - 1])


def run() -> None:
    """Prints the tables. Run in a process of its own."""
    with gzip.open(PAIRS) as lines:
        pairs = [pair for pair in map(decode_pair, lines) if isinstance(pair, Pair)]
    even = [pair for pair in pairs if int(pair.read_id[1:]) % 2 == 0]
    odd = [pair for pair in pairs if int(pair.read_id[1:]) % 2 == 1]
    halves = [measured(even, odd), measured(odd, even)]
    rows = [
        ("exact", *(cell for half in halves for cell in (f"{half.exact:.3f}", f"{half.exact_false:.1f}")))
    ]
    for threshold in THRESHOLDS:
        cells = ((f"{(h.own >= threshold).mean():.3f}", f"{h.false(threshold):.1f}") for h in halves)
        rows.append((f"posterior {threshold}", *(cell for pair in cells for cell in pair)))
    for recall in RECALLS:
        cells = (
            (f"{recall:.3f}", f"{half.false(t):.1f} at {t:.2f}")
            for half in halves
            for t in (half.threshold(recall),)
        )
        rows.append((f"recall {recall:.3f}", *(cell for pair in cells for cell in pair)))
    show(
        f"Posterior on {len(pairs):,} real misreads, country known, a list of {LISTED:,}: recall, and false "
        "hits expected per 100,000 reads (aims: ≥ 0.950 at ≤ 71, ≥ 0.935 at ≤ 12)",
        ("", "recall, odd half", "false hits", "recall, even half", "false hits"),
        rows,
    )
    show(
        "Calibration: of hits said to have a posterior in a range, the share that are right",
        ("range", "odd half", "even half"),
        [
            (f"{low} to {high}", *(f"{right(half, low, high):.3f}" for half in halves))
            for low, high in pairwise(BINS)
        ],
    )


def right(half: Half, low: float, high: float) -> float:
    """The share of right hits among those with a posterior in a range, right and false ones by weight."""
    top = high if high < 1 else 2.0
    true = half.weights[(half.own >= low) & (half.own < top)].sum()
    false = half.chances[(half.others >= low) & (half.others < top)].sum()
    return float(true / (true + false)) if true + false else float("nan")


def measured(half: list[Pair], other: list[Pair]) -> Half:
    """A model learnt on one half, measured on the other."""
    fleets = shipped_fleets()
    model = learn(half, fleets, "general", "one half")
    weigher = Weigher(model, fleets)
    countries = Counter(pair.country for pair in other)
    own, others, chances, weights = [], [], [], []
    exact = exact_false = 0.0
    for pair in other:
        evidence, true = evidence_of(pair), pair.true
        listed = LISTED * countries[pair.country] / len(other) / fleets.vehicles(pair.country)
        rivals = weigher.rivals(evidence, pair.country)
        found = -1.0
        for plate, density in hypotheses(evidence, pair.country, fleets, model.commonness).items():
            weighed = weigher.weigh(evidence, plate, rivals)
            if weighed is None:
                continue
            if plate == true:
                found = weighed.posterior
            else:
                others.append(weighed.posterior)
                chances.append(listed * density)
                exact_false += listed * density if plate == evidence.plate else 0.0
        own.append(found)
        weights.append(listed)
        exact += true == evidence.plate
    count = len(other)
    arrays = (np.array(each) for each in (own, others, chances, weights))
    return Half(*arrays, exact / count, exact_false / count * 1e5)
