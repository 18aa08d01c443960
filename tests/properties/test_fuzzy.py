"""Mode fuzzy: the match stage finds what judging every read against every alert finds."""

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
policies = st.builds(
    lambda one, two, least: MatchingRules(
        {"one": ListConfig(mode="fuzzy", min_posterior=least), "two": ListConfig(mode=two), "sis": one}
    ),
    st.just(ListConfig(mode="fuzzy")),
    st.sampled_from(["exact", "confusable", "fuzzy"]),
    st.sampled_from([None, 0.0, 0.02, 0.9]),
)


@st.composite
def changed(draw: st.DrawFn, plate: str) -> str:
    """A plate with up to two characters changed, lost or put in."""
    text = plate.replace("?", "2").replace("*", "")
    for _ in range(draw(st.sampled_from([0, 1, 1, 1, 2]))):
        place = draw(st.integers(0, max(len(text) - 1, 0)))
        what = draw(st.sampled_from(["", "one", "two"]))
        char = draw(st.sampled_from(_CHARS))
        text = (
            text[:place]
            + {"": "", "one": char, "two": char + text[place : place + 1]}[what]
            + text[place + 1 :]
        )
    return text if any(char.isalnum() for char in text) else plate


@st.composite
def reads_of(draw: st.DrawFn, number: int) -> Read:
    """A read of something like a listed plate, with more or less of what a recogniser tells."""
    plate = draw(st.sampled_from([each for each in _LISTED if "*" not in each]))
    text = draw(changed(plate))
    fields: dict[str, Any] = {"read_id": f"r{number}"}
    count = sum(char.isalnum() for char in text)
    tells = draw(st.sampled_from(["nothing", "plate", "characters", "all"]))
    if tells != "nothing":
        fields["confidence"] = draw(shares)
    if tells in ("characters", "all"):
        fields["char_confidences"] = [draw(shares) for _ in range(count)]
    if tells == "all":
        named = draw(st.lists(st.tuples(changed(plate), shares), max_size=3))
        fields["candidates"] = [PlateCandidate(text, 0.5), *(PlateCandidate(*each) for each in named)]
        fields["char_alternatives"] = [
            [CharAlternative(draw(st.sampled_from(_CHARS)), draw(shares))] if draw(st.booleans()) else []
            for _ in range(count)
        ]
    if draw(st.booleans()):
        fields["vehicle"] = Vehicle(colour=draw(st.sampled_from(["red", "white"])), type="car")
    return a_read(text, draw(st.sampled_from(_COUNTRIES)), **fields)


@st.composite
def listed(draw: st.DrawFn, number: int) -> Alert:
    """An alert, or one of a plate very near."""
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
    st.integers(1, 6).flatmap(lambda count: st.tuples(*(reads_of(number) for number in range(count)))),
    st.integers(1, 6).flatmap(lambda count: st.tuples(*(listed(number) for number in range(count)))),
    policies,
)
def test_no_candidate_is_missed(
    came: tuple[Read, ...], alerts: tuple[Alert, ...], settings: MatchingRules
) -> None:
    judge = Matcher(settings)
    expected = {}
    for one in came:
        for other in alerts:
            said = judge.match(one, other)
            if not isinstance(said, NoMatch):
                expected[one.read_id, other.alert_id] = said
                event(f"{said.class_}, {len(said.edits)} edits")
    index = Index(fuzzy_lists=settings.fuzzy_lists)
    for other in alerts:
        assert index.put(other) is None
    indices = [index]
    with TemporaryDirectory() as name:
        with SnapshotWriter(Path(name) / "lists") as writer:
            writer.add(list(alerts))
            path = writer.finish()
        indices.append(Index(Snapshot(path), fuzzy_lists=settings.fuzzy_lists))
        for index in indices:
            matched = match_batch([encode(one) for one in came], index, judge)
            found = {(each.read.read_id, each.alert.alert_id): each.result for each in matched.matches}
            assert found == expected
