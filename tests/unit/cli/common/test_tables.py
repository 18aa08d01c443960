"""Tables for people: aligned, within 80 columns, with no cell broken."""

from streams.cli.common.tables import table_lines

LONG = "list-" + "x" * 75
HEADINGS = ("list", "mode", "hits", "expected false hits")


def lines(*rows: tuple[str, ...]) -> list[str]:
    """Return a table whose first two columns are text."""
    return list(table_lines(HEADINGS, rows, text_columns=2))


def test_text_is_aligned_left_and_numbers_right() -> None:
    assert lines(("sis", "fuzzy", "1,200", "0.25"), ("national", "exact", "7", "0")) == [
        "list     mode   hits expected false hits",
        "sis      fuzzy 1,200                0.25",
        "national exact     7                   0",
    ]


def test_a_name_without_room_has_a_line_of_its_own_and_is_whole() -> None:
    heading, first, name, cells = lines(("sis", "fuzzy", "1", "0.25"), (LONG, "confusable", "1,000,000", "2"))
    assert name == LONG
    assert cells == " " * len("list ") + "confusable 1,000,000                   2"
    assert heading.split()[:3] == ["list", "mode", "hits"]
    assert first.split() == ["sis", "fuzzy", "1", "0.25"]
    assert max(map(len, (heading, first, name, cells))) <= 80


def test_a_name_that_just_fits_stays_in_its_row() -> None:
    room = 80 - len(" fuzzy hits expected false hits")
    (_, row) = lines(("n" * room, "fuzzy", "1", "2"))
    assert len(row) == 80
    assert len(lines(("n" * (room + 1), "fuzzy", "1", "2"))) == 3


def test_a_table_without_rows_is_its_headings() -> None:
    assert lines() == ["list mode hits expected false hits"]


def test_cells_do_not_control_the_terminal() -> None:
    assert not any("\x1b" in line for line in lines(("sis\x1b[2J", "fuzzy", "1", "2")))
