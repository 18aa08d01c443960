"""Who may judge a hit, and when: the centres notified of it and the owner of its list."""

from collections.abc import Collection, Mapping, Sequence
from typing import Literal, NamedTuple

from streams.records.times import MINUTE_MS, Millis, to_ms
from streams.records.verdict import Verdict

RefusalRule = Literal[
    "verdict.unknown-centre", "verdict.not-notified", "verdict.in-the-future", "verdict.before-its-hit"
]


class JudgedHit(NamedTuple):
    """What decides who may judge a hit: its list, the centres notified, and when its read was captured.

    The time is 0 for a handover, whose hit may be older than the read that it shows.
    """

    list_id: str
    audience: Sequence[str]
    captured_ms: Millis


class VerdictRefusal(NamedTuple):
    """A verdict that does not count, and why; `text` is for the operator."""

    verdict: Verdict
    rule: RefusalRule
    text: str

    def __str__(self) -> str:
        """Return the log line."""
        return f"verdict on hit {self.verdict.hit_id} refused ({self.rule}): {self.text}"


class VerdictRules:
    """Checks of verdicts. A hit without an audience may be judged by every centre."""

    def __init__(
        self,
        centres: Collection[str] | None = None,
        owners: Mapping[str, str] | None = None,
        clock_error_ms: Millis = 2 * MINUTE_MS,
    ) -> None:
        """`centres` are those of the settings, None if any centre counts; `owners` are those of lists."""
        self._centres = centres
        self._owners = owners or {}
        self._clock_error_ms = clock_error_ms

    def check_centre(self, verdict: Verdict) -> VerdictRefusal | None:
        """Return the refusal of a verdict of an unknown centre."""
        if self._centres is None or verdict.centre in self._centres:
            return None
        text = f"centre {verdict.centre} is not in the settings; add [centres.{verdict.centre}] or correct it"
        return VerdictRefusal(verdict, "verdict.unknown-centre", text)

    def check_time(self, verdict: Verdict, now_ms: Millis) -> VerdictRefusal | None:
        """Return the refusal of a verdict that is later than the present time and the clock error."""
        ahead_ms = to_ms(verdict.at) - now_ms
        if ahead_ms <= self._clock_error_ms:
            return None
        text = f"`at` is {ahead_ms / 1000:,.0f} s in the future; set the clock of centre {verdict.centre}"
        return VerdictRefusal(verdict, "verdict.in-the-future", text)

    def check_hit(self, verdict: Verdict, hit: JudgedHit) -> VerdictRefusal | None:
        """Return the refusal of a verdict on a hit that its centre may not judge, or not at that time."""
        is_notified = not hit.audience or verdict.centre in hit.audience
        if not is_notified and self._owners.get(hit.list_id) != verdict.centre:
            text = (
                f"centre {verdict.centre} was not notified of the hit and does not own list {hit.list_id}; "
                "see `audience` and `owner` of the list"
            )
            return VerdictRefusal(verdict, "verdict.not-notified", text)
        before_ms = hit.captured_ms - to_ms(verdict.at)
        if before_ms > self._clock_error_ms:
            text = (
                f"`at` is {before_ms / 1000:,.0f} s before the read; set the clock of centre {verdict.centre}"
            )
            return VerdictRefusal(verdict, "verdict.before-its-hit", text)
        return None
