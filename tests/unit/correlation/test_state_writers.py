"""Only the state writes its tables: the other modules of correlation call its methods."""

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest
from msgspec.structs import fields

import streams.correlation
from streams.correlation.passages import Passage
from streams.correlation.tables import AlertState, HitState, VehicleState

FOLDER = Path(streams.correlation.__file__).parent
WRITERS = ("state.py", "sighting_table.py", "hit_table.py", "passages.py")
"""The state, and the operations on one passage that it calls."""
FIELDS = {field.name for table in (AlertState, VehicleState, HitState, Passage) for field in fields(table)}
MODULES = sorted(path for path in FOLDER.rglob("*.py") if path.name not in WRITERS)


def written_attributes(tree: ast.AST) -> Iterator[tuple[int, str]]:
    """Yield line and name of each attribute of another object than `self` that is written or deleted."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Attribute) and isinstance(node.ctx, (ast.Store, ast.Del)):
            is_own = isinstance(node.value, ast.Name) and node.value.id == "self"
            if not is_own:
                yield node.lineno, node.attr


@pytest.mark.parametrize("path", MODULES, ids=lambda path: path.relative_to(FOLDER).as_posix())
def test_a_module_writes_no_field_of_the_state(path: Path) -> None:
    written = written_attributes(ast.parse(path.read_text("utf-8")))
    assert [(line, name) for line, name in written if name in FIELDS] == []


def test_the_state_writes_them() -> None:
    written = {
        name for _, name in written_attributes(ast.parse((FOLDER / "sighting_table.py").read_text("utf-8")))
    }
    assert written & FIELDS
