"""Look-ups in an index of alerts."""

from streams.alerts import Index
from streams.plates.plate_columns import to_columns


def find_candidates(index: Index, *plates: str) -> list[tuple[int, str]]:
    """The candidates of plates, as (row, alert_id)."""
    return [(candidate.row, candidate.alert.alert_id) for candidate in index.find(to_columns(plates))]
