"""Index and matcher together find exactly the matches of nested loops over all reads and alerts."""

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

matching_rules = st.builds(
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
    """Draw alerts (each version once), withdrawals and reads."""
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


def match_stage(index: Index, reads: list[Read], rules: MatchingRules) -> set[Joined]:
    """Return the matches of the match stage."""
    result = match_batch([encode(read) for read in reads], index, Matcher(rules))
    assert (result.rejected, result.read_count) == ([], len(reads))
    return {
        Joined(
            match.read.camera_id,
            match.read.read_id,
            match.read.captured_at.isoformat(),
            match.alert.list_id,
            match.alert.alert_id,
            match.alert.version,
            match.result.class_,
            sum(edit.kind == "settled" for edit in match.result.edits),
            sum(edit.kind == "equivalent" for edit in match.result.edits),
            any(contradiction.what == "country" for contradiction in match.result.contradictions),
            tuple(match.result.possible_countries),
        )
        for match in result.matches
    }


@given(worlds(), matching_rules)
def test_the_match_stage_finds_what_nested_loops_find(
    world: tuple[list[Alert], list[Withdrawal], list[Read]], rules: MatchingRules
) -> None:
    listed, ended, drawn_reads = world
    expected = join(drawn_reads, listed, ended, rules)
    for match in expected:
        event(f"{match.class_}{' settled' * bool(match.settled)}{' open' * bool(match.equivalent)}")
    index = Index()
    for alert in listed:
        assert index.put(alert) is None
    for withdrawal in ended:
        index.withdraw(withdrawal)
    assert match_stage(index, drawn_reads, rules) == expected
    with TemporaryDirectory() as folder:
        with SnapshotWriter(Path(folder) / "lists") as writer:
            assert writer.add(listed) == {}
            writer.add_withdrawals(ended)
            path = writer.finish()
        assert match_stage(Index(Snapshot(path)), drawn_reads, rules) == expected
