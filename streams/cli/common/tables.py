"""Tables of text for people."""

from rich.table import Table


def empty_table(*headings: str) -> Table:
    """Return a table without rows; the columns named are aligned left."""
    table = Table(box=None, pad_edge=False, collapse_padding=True, header_style="bold")
    for heading in headings:
        table.add_column(heading, overflow="fold")
    return table
