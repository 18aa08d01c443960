"""Every case by every runner: the revisions in order and nothing else; the same hits stand in any order."""

from collections.abc import Iterator

import pytest

from tests.support.cases.compare import active_hits, describe_difference, to_json
from tests.support.cases.kafka_runner import KafkaRunner
from tests.support.cases.loading import Case, Row, load_all_cases
from tests.support.cases.no_match import rules_found
from tests.support.cases.runner import ReplayRunner, Runner

CASES = load_all_cases()

each_case = pytest.mark.parametrize(
    ("case", "runner"),
    [
        pytest.param(case, runner, id=f"{case.name}-{runner}")
        for runner in ("replay", "kafka")
        for case in CASES
        if runner == "replay" or case.on_kafka
    ],
    indirect=["runner"],
)


@pytest.fixture(scope="session")
def kafka_runner(request: pytest.FixtureRequest) -> Iterator[KafkaRunner]:
    """The runner on Kafka, with all cases that are to be run on it under way."""
    runner = KafkaRunner()
    calls = [item.callspec.params for item in request.session.items if hasattr(item, "callspec")]
    cases = [call["case"] for call in calls if call.get("runner") == runner.name]
    runner.submit_all(each for case in cases for each in (case, again(case)))
    yield runner
    runner.close()


@pytest.fixture
def runner(request: pytest.FixtureRequest) -> Runner:
    """One of the ways in which the cases are run."""
    return ReplayRunner() if request.param == "replay" else request.getfixturevalue("kafka_runner")


def again(case: Case) -> Case:
    """Return the case with its reads in reverse and then in order, and its alerts in reverse."""
    return case._replace(reads=[*case.reads[::-1], *case.reads], alerts=case.alerts[::-1])


def explain(case: Case, summary: str, lines: str) -> str:
    """Return the message of a failure: the case, what it shows, and the difference."""
    return f"{case.name}: {summary} (- expected, + actual)\n{case.readme}\n\n{lines}\n"


@each_case
def test_a_case_gives_what_it_expects_and_nothing_else(case: Case, runner: Runner) -> None:
    result = runner.run(case)
    lines = describe_difference(result.hits, case.hits)
    assert not lines, explain(case, "other hits", lines)
    lines = describe_difference(result.rejected, case.rejected)
    assert not lines, explain(case, "other lines were rejected", lines)
    if result.refused is not None:
        lines = describe_difference(result.refused, case.refused)
        assert not lines, explain(case, "other verdicts were refused", lines)


@each_case
def test_reads_in_reverse_order_and_twice_leave_the_same_hits_active(case: Case, runner: Runner) -> None:
    in_order = active_hits(runner.run(case).hits)
    other = active_hits(runner.run(again(case)).hits)
    if other != in_order:
        came, expected = ([row for _, row in sorted(each.items())] for each in (other, in_order))
        lines = describe_difference(came, expected) or describe_difference(expected, came)
        pytest.fail(explain(case, "other hits are active when reads arrive in reverse", lines), pytrace=False)


@pytest.mark.parametrize("case", [pytest.param(case, id=case.name) for case in CASES if case.no_match])
def test_a_case_names_the_rules_that_keep_reads_from_matching(case: Case) -> None:
    lines = describe_difference(rules_found(case), case.no_match)
    assert not lines, explain(case, "other rules", lines)


def test_every_case_is_described_in_one_or_two_lines() -> None:
    assert len(CASES) >= 30
    assert all(1 <= len(case.readme.splitlines()) <= 2 for case in CASES)
    assert len({case.readme for case in CASES}) == len(CASES)


def test_every_case_has_a_read_without_a_hit() -> None:
    """A case in which every read hits does not show what prevents a hit."""
    assert [case.name for case in CASES if len(case.reads) == len({_read(row) for row in case.hits})] == []


def _read(row: Row) -> str:
    return to_json(row["read"])
