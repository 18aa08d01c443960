"""Every rule that the code can name has a case that shows it, and every case says which rules it shows."""

import ast
import importlib
import json
import re
from collections.abc import Iterator
from pathlib import Path
from types import ModuleType
from typing import Any, Final

import pytest

import streams
from tools.case_index import CASES, case_folders, cases_by_rule, rules_shown
from tools.contracts import build_schemas as schemas
from tools.rule_ids import RULE_IDS, RuleId

PACKAGE: Final = Path(streams.__file__).parent
ROOMS: Final = ("matching", "correlation", "rules", "operations")
"""The packages whose modules write the ids of rules into hits and no-match decisions."""

ID: Final = re.compile(r"[a-z]+(-[a-z]+)*(\.[a-z]+(-[a-z]+)*)*\.([a-z]+(-[a-z]+)*|\{\})")
"""An id as the code has it; `{}` stands for what is put in at run time."""

each_rule = pytest.mark.parametrize("rule", [pytest.param(rule, id=rule.id) for rule in RULE_IDS])
each_case = pytest.mark.parametrize(
    "case", [pytest.param(case, id=case.relative_to(CASES).as_posix()) for case in case_folders()]
)


@each_rule
def test_every_rule_has_a_case(rule: RuleId) -> None:
    assert cases_by_rule()[rule]


@each_case
def test_a_case_shows_the_rules_that_its_readme_names(case: Path) -> None:
    lines = (case / "README").read_text("utf-8").splitlines()
    named = re.findall("`([^`]+)`", lines[-1]) if lines[-1].startswith(("Rule: ", "Rules: ")) else []
    assert len(lines) == (2 if named else 1)
    assert lines[-1] in (
        lines[0],
        f"Rule: `{named[0]}`." if len(named) == 1 else f"Rules: {', '.join(f'`{each}`' for each in named)}.",
    )
    assert set(named) <= {written for _, written in rules_shown(case)}


def test_the_rules_that_the_code_writes_are_those_of_the_index() -> None:
    in_code = {re.escape(text).replace(r"\{\}", ".+") for text in _written()}
    in_index = {rule.id for rule in RULE_IDS if rule.where != "withdrawn"}
    assert {
        pattern for pattern in in_code if not any(re.fullmatch(pattern, each) for each in in_index)
    } == set()
    assert {each for each in in_index if not any(re.fullmatch(pattern, each) for pattern in in_code)} == set()


def test_the_rules_of_the_index_are_those_of_the_schema_of_hits() -> None:
    schema = json.loads(schemas()["hit.schema.json"])
    reasons = {rule.id for rule in RULE_IDS if rule.where == "withdrawn"}
    classes = {rule.id.removeprefix("match.") for rule in RULE_IDS if rule.id.startswith("match.")}
    assert set(_property(schema, "Withdrawn", "reason")["enum"]) == reasons
    assert set(_property(schema, "MatchResult", "class")["enum"]) == classes


def _property(schema: dict[str, Any], record: str, name: str) -> dict[str, Any]:
    found: dict[str, Any] = schema["$defs"][record]["properties"][name]
    return schema["$defs"][found["$ref"].rpartition("/")[2]] if "$ref" in found else found


def _written() -> set[str]:
    """Return the texts in the code that have the form of an id."""
    texts = {text for room in ROOMS for path in (PACKAGE / room).rglob("*.py") for text in _texts(path)}
    return {
        text
        for text in texts
        if ID.fullmatch(text) and not text.startswith("streams.") and not text.endswith(".toml")
    }


def _texts(path: Path) -> Iterator[str]:
    name = ".".join(path.relative_to(PACKAGE.parent).with_suffix("").parts)
    module = importlib.import_module(name.removesuffix(".__init__"))
    tree = ast.parse(path.read_text("utf-8"))
    parts = {id(part) for node in ast.walk(tree) if isinstance(node, ast.JoinedStr) for part in node.values}
    for node in ast.walk(tree):
        if isinstance(node, ast.JoinedStr):
            yield "".join(_part(part, module) for part in node.values)
        elif isinstance(node, ast.Constant) and isinstance(node.value, str) and id(node) not in parts:
            yield node.value


def _part(part: ast.expr, module: ModuleType) -> str:
    """Return a part of a formatted text: itself, the constant that it names, or `{}`."""
    if isinstance(part, ast.Constant):
        return str(part.value)
    value = part.value if isinstance(part, ast.FormattedValue) else None
    constant = getattr(module, value.id, None) if isinstance(value, ast.Name) else None
    return constant if isinstance(constant, str) else "{}"
