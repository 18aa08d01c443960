"""Lines for people: wrapped on a terminal only, with no word broken."""

from io import StringIO

from streams.cli.common.terminal import fit_stream

WORD = "w" * 90
TEXT = f"lists.jsonl:1: warning expired: {'sis/FR-2026-00042: valid_until ' * 3}: delete the line"


class _Terminal(StringIO):
    """A stream that is a terminal."""

    def isatty(self) -> bool:
        return True


def test_a_line_that_does_not_fit_goes_on_in_indented_lines() -> None:
    first, *rest = fit_stream(TEXT, _Terminal()).split("\n")
    assert rest and all(line.startswith("    ") for line in rest)
    assert max(map(len, (first, *rest))) <= 80
    assert " ".join(" ".join((first, *rest)).split()) == TEXT


def test_words_and_lines_stay_whole() -> None:
    assert fit_stream(f"a {WORD} b", _Terminal(), 2).split() == ["a", WORD, "b"]
    assert fit_stream("  one\n\ntwo\n", _Terminal()) == "  one\n\ntwo\n"


def test_files_and_pipes_get_each_line_whole() -> None:
    assert fit_stream(TEXT, StringIO()) == TEXT
