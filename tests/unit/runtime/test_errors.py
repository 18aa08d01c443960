"""Errors for operators: the tree in the documentation is complete, and no message holds a plate."""

import ast
import re
from pathlib import Path

import streams
from streams.runtime import errors
from streams.runtime.errors import unexpected_error


def operator_errors() -> set[str]:
    """Return the names of OperatorError and of all classes in the sources that derive from it."""
    bases: dict[str, set[str]] = {}
    for path in Path(streams.__path__[0]).rglob("*.py"):
        for node in ast.walk(ast.parse(path.read_bytes())):
            if isinstance(node, ast.ClassDef):
                bases[node.name] = {base.id for base in node.bases if isinstance(base, ast.Name)}
    names = {"OperatorError"}
    while derived := {name for name in bases if bases[name] & names} - names:
        names |= derived
    return names


def test_the_tree_names_every_error() -> None:
    assert errors.__doc__ is not None
    names = re.findall(r"^ +(?:[├└]── )?(\w+Error)\b", errors.__doc__, re.MULTILINE)
    assert sorted(names) == sorted(operator_errors())


def test_an_unexpected_error_names_its_place_and_not_its_message() -> None:
    try:
        raise KeyError("1-ABC-123")
    except KeyError as error:
        message = str(unexpected_error("topic anpr.reads.BE", error))
    assert message.startswith("topic anpr.reads.BE: KeyError at runtime/test_errors.py:")
    assert "test_an_unexpected_error_names_its_place_and_not_its_message" in message
    assert "ABC" not in message


def test_an_unexpected_error_that_was_never_raised_has_no_place() -> None:
    assert "ValueError at an unknown location" in str(unexpected_error("searching", ValueError("1-ABC-123")))
