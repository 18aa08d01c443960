"""Matching a stored read again with another version of its alert."""

from streams.alerts.index import Index
from streams.matching.matcher import Matcher
from streams.records.alert import Alert
from streams.records.match import Match, MatchResult
from streams.records.read import Read


class Rematcher:
    """Matcher of reads that matched an earlier version of an alert."""

    def __init__(self, index: Index, matcher: Matcher) -> None:
        self._index = index
        self._matcher = matcher

    def rematch(self, read: Read, alert: Alert) -> Match | None:
        """Match a read with another version of its alert; None if that was not effective or is no match."""
        if not self._index.is_effective(alert, read.captured_at):
            return None
        result = self._matcher.match(read, alert)
        return Match(read, alert, result) if isinstance(result, MatchResult) else None
