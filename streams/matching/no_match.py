"""The answer of the matcher for a read that does not match an alert."""

from typing import NamedTuple


class NoMatch(NamedTuple):
    """Why a read does not match an alert.

    `rule` is the id of the rule that decided, `text` its explanation for people. `reasons` has the parts of
    the posterior, as in a match, if they were asked for and the posterior decided.
    """

    rule: str
    text: str
    reasons: tuple[str, ...] = ()
