"""The rules that keep the reads of a case from matching its alerts, as `anpr explain` names them."""

from functools import lru_cache
from pathlib import Path
from tempfile import TemporaryDirectory

from streams.files.loading import load_index
from streams.matching.explain import explain
from streams.matching.matcher import Matcher
from streams.plates.confusables import BUILTIN_CLASSES
from streams.plates.formats import builtin_formats
from streams.records.decode import decode_reads
from streams.settings.load import parse_settings
from tests.support.cases.loading import Case, Row
from tests.support.cases.runner import write_lines


def rules_found(case: Case) -> list[Row]:
    """Return the rows of `case.no_match` with the rules that the matcher gives; empty text for a match.

    A row names an alert by `alert_id`, and by `list_id` too where several lists have that id.
    """
    matcher = _matcher(case.config)
    reads = {read.read_id: read for read in decode_reads(case.reads).reads}
    with TemporaryDirectory(prefix="anpr-case-") as folder:
        lists = load_index((write_lines(Path(folder) / "alerts.jsonl", case.alerts),)).alert_index
        found: list[Row] = []
        for row in case.no_match:
            read = reads[row["read_id"]]
            (alert,) = [
                alert
                for alert in lists.alerts()
                if alert.alert_id == row["alert_id"] and row.get("list_id", alert.list_id) == alert.list_id
            ]
            effective = lists.is_effective(alert, read.captured_at)
            (decision,) = explain(
                read, [(alert, effective)], matcher, builtin_formats(), BUILTIN_CLASSES
            ).rulings
            found.append(row | {"rule": decision.rule})
    return found


@lru_cache(maxsize=1)
def _matcher(config: str) -> Matcher:
    """Return a matcher by the settings in a text; most cases have none, so it is built once for them."""
    return Matcher(parse_settings(config, "config.toml").matching_rules)
