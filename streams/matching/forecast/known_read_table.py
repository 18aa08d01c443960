"""Known reads of a country's plates, matched and scored as if each true plate were listed."""

from collections.abc import Sequence
from typing import Final, NamedTuple

import numpy as np
from numpy.typing import NDArray

from streams.confusions.training.pairs import TrainingPair
from streams.matching.forecast.sample import SAMPLE_TIME, synthetic_alert
from streams.matching.matcher import Matcher
from streams.matching.no_match import NoMatch
from streams.records.alert import MODE_RANK, MatchMode
from streams.records.read import Read

SYNTHETIC_LIST_ID: Final = "list"
"""The list of the synthetic alerts on the true plates of known reads."""


class KnownReadTable(NamedTuple):
    """One row for each known read that matches its true plate; columns of shape (n,).

    `mode_rank` (intp) is the rank of the narrowest mode that matches, `share` the share of all reads, 0 to 1;
    the others are the weights of the explanations (`streams.matching.scoring.posterior`), with
    `others_per_vehicle` for each vehicle that has a given plate of the series.
    """

    mode_rank: NDArray[np.intp]
    share: NDArray[np.float64]
    listed_weight: NDArray[np.float64]
    others_per_vehicle: NDArray[np.float64]
    far_weight: NDArray[np.float64]

    def false_hits_per_read(self, density: float, mode: MatchMode, min_posterior: float) -> float:
        """Return the false hits expected for each read of the listed vehicle.

        `density` is the number of vehicles that have a given plate of the series.
        """
        false_weight = self.others_per_vehicle * density + self.far_weight
        posterior = self.listed_weight / (self.listed_weight + false_weight)
        is_hit = (self.mode_rank <= MODE_RANK[mode]) & (posterior >= max(min_posterior, 1e-6))
        return float((self.share * false_weight / self.listed_weight)[is_hit].sum())


def build_known_read_table(pairs: Sequence[TrainingPair], matcher: Matcher) -> KnownReadTable:
    """Match and score known reads.

    `matcher` has the list SYNTHETIC_LIST_ID in the widest mode, without a minimum posterior.
    """
    posterior_model = matcher.scorer.posterior_model("")
    total = sum(pair.weight for pair in pairs)
    rows = []
    for pair in pairs:
        density = posterior_model.plate_density(pair.true_plate, pair.country)
        read, alert = _to_read(pair), synthetic_alert(SYNTHETIC_LIST_ID, "a", pair.truth, pair.country)
        result = matcher.match(read, alert)
        score = matcher.scorer.for_read(read).score(alert, pair.true_plate)
        if isinstance(result, NoMatch) or score is None or not density:
            continue
        rows.append(
            (
                MODE_RANK[result.class_],
                pair.weight / total,
                score.listed_weight,
                score.others_weight / density,
                score.far_weight,
            )
        )
    columns = np.array(rows, dtype=np.float64).reshape(-1, 5).T
    return KnownReadTable(columns[0].astype(np.intp), *columns[1:])


def _to_read(pair: TrainingPair) -> Read:
    return Read(
        pair.read_id,
        "",
        SAMPLE_TIME,
        pair.plate,
        pair.country,
        confidence=pair.confidence,
        char_confidences=pair.char_confidences,
        candidates=pair.candidates,
        char_alternatives=pair.char_alternatives,
    )
