"""Every case by every runner: the revisions in order and nothing else; the same hits stand in any order."""

import pytest

from tests.behaviour.cases import Case, Row, all_cases
from tests.behaviour.compare import difference, json_of, standing
from tests.behaviour.runner import RUNNERS, Runner

CASES = all_cases()

each_case = pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
each_runner = pytest.mark.parametrize("runner", RUNNERS, ids=lambda runner: runner.name)


def told(case: Case, what: str, lines: str) -> str:
    """What a failure says: the case, what it shows, and the difference."""
    return f"{case.name}: {what} (- expected, + came)\n{case.readme}\n\n{lines}\n"


@each_runner
@each_case
def test_a_case_gives_what_it_expects_and_nothing_else(case: Case, runner: Runner) -> None:
    result = runner.run(case)
    if lines := difference(result.hits, case.hits):
        pytest.fail(told(case, "other hits", lines), pytrace=False)
    if lines := difference(result.rejected, case.rejected):
        pytest.fail(told(case, "other lines were rejected", lines), pytrace=False)


@each_runner
@each_case
def test_reads_that_come_backwards_and_twice_leave_the_same_hits_standing(case: Case, runner: Runner) -> None:
    in_order = standing(runner.run(case).hits)
    again = case._replace(reads=[*case.reads[::-1], *case.reads], alerts=case.alerts[::-1])
    other = standing(runner.run(again).hits)
    if other != in_order:
        came, expected = ([row for _, row in sorted(each.items())] for each in (other, in_order))
        lines = difference(came, expected) or difference(expected, came)
        pytest.fail(told(case, "other hits stand when reads come backwards", lines), pytrace=False)


def test_every_case_says_in_a_line_or_two_what_it_shows() -> None:
    assert len(CASES) >= 30
    assert all(1 <= len(case.readme.splitlines()) <= 2 for case in CASES)
    assert len({case.readme for case in CASES}) == len(CASES)


def test_every_case_has_a_read_that_must_not_be_told() -> None:
    """A case in which every read hits shows nothing of what keeps a read from hitting."""
    assert [case.name for case in CASES if len(case.reads) == len({_read(row) for row in case.hits})] == []


def _read(row: Row) -> str:
    return json_of(row["read"])
