"""The index and the judge find what plain loops over every read and alert find, neither more nor less."""

from pathlib import Path
from tempfile import TemporaryDirectory

from hypothesis import event, given
from hypothesis import strategies as st

from streams.alerts import Index, Snapshot, SnapshotWriter
from streams.matching.batch import match_batch
from streams.matching.config import ListConfig, MatchingConfig, MatchingRules
from streams.matching.matcher import Matcher
from streams.records.alert import Alert, Withdrawal
from streams.records.encode import encode
from streams.records.read import Read
from tests.properties.join import Joined, join
from tests.properties.worlds import alerts, known_plates, reads, withdrawals

policies = st.builds(
    lambda one, two, equivalences, length, literals: MatchingRules(
        {"one": ListConfig(mode=one), "two": ListConfig(mode=two)},
        MatchingConfig(equivalences, length, literals),
    ),
    st.sampled_from(["exact", "pattern", "confusable", "confusable"]),
    st.sampled_from(["exact", "pattern", "confusable", "confusable"]),
    st.sampled_from([1, 1, 0, 2]),
    st.sampled_from([5, 5, 1, 7]),
    st.sampled_from([3, 1, 5]),
)


@st.composite
def worlds(draw: st.DrawFn) -> tuple[list[Alert], list[Withdrawal], list[Read]]:
    """Alerts without two texts of one version, withdrawals, and reads."""
    known = draw(known_plates())
    listed = draw(
        st.lists(
            alerts(known, "abcdef"),
            min_size=3,
            max_size=12,
            unique_by=lambda alert: (alert.list_id, alert.alert_id, alert.version),
        )
    )
    return (
        listed,
        draw(st.lists(withdrawals("abcdef"), max_size=2)),
        draw(st.lists(reads(known, ids=20), min_size=3, max_size=12)),
    )


def found(index: Index, came: list[Read], settings: MatchingRules) -> set[Joined]:
    """The matches of the match stage."""
    matched = match_batch([encode(read) for read in came], index, Matcher(settings))
    assert (matched.rejected, matched.read_count) == ([], len(came))
    return {
        Joined(
            each.read.camera_id,
            each.read.read_id,
            each.read.captured_at.isoformat(),
            each.alert.list_id,
            each.alert.alert_id,
            each.alert.version,
            each.result.class_,
            sum(edit.kind == "settled" for edit in each.result.edits),
            sum(edit.kind == "equivalent" for edit in each.result.edits),
            any(said.what == "country" for said in each.result.contradictions),
            tuple(each.result.possible_countries),
        )
        for each in matched.matches
    }


@given(worlds(), policies)
def test_the_match_stage_finds_what_plain_loops_find(
    world: tuple[list[Alert], list[Withdrawal], list[Read]], settings: MatchingRules
) -> None:
    listed, gone, came = world
    expected = join(came, listed, gone, settings)
    for match in expected:
        event(f"{match.class_}{' settled' * bool(match.settled)}{' open' * bool(match.equivalent)}")
    by_put = Index()
    for alert in listed:
        assert by_put.put(alert) is None
    for withdrawal in gone:
        by_put.withdraw(withdrawal)
    assert found(by_put, came, settings) == expected
    with TemporaryDirectory() as name:
        with SnapshotWriter(Path(name) / "lists") as writer:
            assert writer.add(listed) == {}
            writer.add_withdrawals(gone)
            path = writer.finish()
        assert found(Index(Snapshot(path)), came, settings) == expected
