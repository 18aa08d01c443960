"""Match mode fuzzy: the match stage finds what matching every read with every alert finds."""

from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from hypothesis import event, given
from hypothesis import strategies as st

from streams.alerts import Index, Snapshot, SnapshotWriter
from streams.matching.batch import match_batch
from streams.matching.config import ListConfig, MatchingRules
from streams.matching.matcher import Matcher
from streams.matching.no_match import NoMatch
from streams.records.alert import Alert
from streams.records.encode import encode
from streams.records.read import CharAlternative, PlateCandidate, Read, Vehicle
from tests.support.builders import a_read, an_alert

_LISTED = ("AB-123-CD", "AF-123-CM", "1-ABC-123", "ABC-123", "B-MÜ 1234", "12-GB-DF", "A*", "AB-1?3-CD")
_COUNTRIES = (None, "FR", "BE", "DE", "NL")
_CHARS = "0123456789ABCDEFGIMNOQSZÜ"

shares = st.sampled_from([0.02, 0.3, 0.5, 0.8, 0.97, 0.999])
matching_rules = st.builds(
    lambda one, two, min_posterior: MatchingRules(
        {
            "one": ListConfig(mode="fuzzy", min_posterior=min_posterior),
            "two": ListConfig(mode=two),
            "sis": one,
        }
    ),
    st.just(ListConfig(mode="fuzzy")),
    st.sampled_from(["exact", "confusable", "fuzzy"]),
    st.sampled_from([None, 0.0, 0.02, 0.9]),
)


@st.composite
def changed(draw: st.DrawFn, plate: str) -> str:
    """Draw a plate with up to two characters substituted, lost or inserted."""
    text = plate.replace("?", "2").replace("*", "")
    for _ in range(draw(st.sampled_from([0, 1, 1, 1, 2]))):
        index = draw(st.integers(0, max(len(text) - 1, 0)))
        change = draw(st.sampled_from(["lost", "substituted", "inserted"]))
        char = draw(st.sampled_from(_CHARS))
        changes = {"lost": "", "substituted": char, "inserted": char + text[index : index + 1]}
        text = text[:index] + changes[change] + text[index + 1 :]
    return text if any(char.isalnum() for char in text) else plate


@st.composite
def reads(draw: st.DrawFn, number: int) -> Read:
    """Draw a read of a plate similar to a listed one, with more or less detail from the recogniser."""
    plate = draw(st.sampled_from([plate for plate in _LISTED if "*" not in plate]))
    text = draw(changed(plate))
    fields: dict[str, Any] = {"read_id": f"r{number}"}
    count = sum(char.isalnum() for char in text)
    detail = draw(st.sampled_from(["none", "plate", "characters", "all"]))
    if detail != "none":
        fields["confidence"] = draw(shares)
    if detail in ("characters", "all"):
        fields["char_confidences"] = [draw(shares) for _ in range(count)]
    if detail == "all":
        candidates = draw(st.lists(st.tuples(changed(plate), shares), max_size=3))
        fields["candidates"] = [PlateCandidate(text, 0.5), *(PlateCandidate(*pair) for pair in candidates)]
        fields["char_alternatives"] = [
            [CharAlternative(draw(st.sampled_from(_CHARS)), draw(shares))] if draw(st.booleans()) else []
            for _ in range(count)
        ]
    if draw(st.booleans()):
        fields["vehicle"] = Vehicle(colour=draw(st.sampled_from(["red", "white"])), type="car")
    return a_read(text, draw(st.sampled_from(_COUNTRIES)), **fields)


@st.composite
def alerts(draw: st.DrawFn, number: int) -> Alert:
    """Draw an alert on a listed plate, or on one similar to it."""
    plate = draw(st.sampled_from(_LISTED))
    fields: dict[str, Any] = {
        "alert_id": f"a{number}",
        "list_id": draw(st.sampled_from(["one", "two", "sis"])),
    }
    if draw(st.booleans()):
        fields["vehicle"] = {"colour": draw(st.sampled_from(["red", "white"])), "type": "car"}
    return an_alert(
        draw(changed(plate)) if draw(st.booleans()) else plate, draw(st.sampled_from(_COUNTRIES)), **fields
    )


@given(
    st.integers(1, 6).flatmap(lambda count: st.tuples(*(reads(number) for number in range(count)))),
    st.integers(1, 6).flatmap(lambda count: st.tuples(*(alerts(number) for number in range(count)))),
    matching_rules,
)
def test_no_candidate_is_missed(
    drawn_reads: tuple[Read, ...], drawn_alerts: tuple[Alert, ...], rules: MatchingRules
) -> None:
    matcher = Matcher(rules)
    expected = {}
    for read in drawn_reads:
        for alert in drawn_alerts:
            result = matcher.match(read, alert)
            if not isinstance(result, NoMatch):
                expected[read.read_id, alert.alert_id] = result
                event(f"{result.class_}, {len(result.edits)} edits")
    index = Index(fuzzy_lists=rules.fuzzy_lists)
    for alert in drawn_alerts:
        assert index.put(alert) is None
    indices = [index]
    with TemporaryDirectory() as folder:
        with SnapshotWriter(Path(folder) / "lists") as writer:
            writer.add(list(drawn_alerts))
            path = writer.finish()
        indices.append(Index(Snapshot(path), fuzzy_lists=rules.fuzzy_lists))
        for index in indices:
            matches = match_batch([encode(read) for read in drawn_reads], index, matcher).matches
            found = {(match.read.read_id, match.alert.alert_id): match.result for match in matches}
            assert found == expected
