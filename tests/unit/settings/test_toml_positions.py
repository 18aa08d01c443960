"""Lines of keys in misleading TOML texts."""

import tomllib

from hypothesis import given, settings
from hypothesis import strategies as st

from streams.settings import toml_format
from streams.settings.toml_positions import find_lines, nearest_line

MISLEADING = '''# [comment] = "no"
top = 1
"quoted.key" = 2 # = [x]
'literal "key"' = 3
a.b . "c d" = 4

[lists.sis] # [not.this]
title = """
[fake]
mode = "exact"
\\""" still = 1
ends in two quotes"""""
regex = \'\'\'
[[also.fake]]
key = 'x'
ends'\'\'\'\'
mode = "a # no comment \\" ["
path = 'C:\\'
after = 1979-05-27 07:32:00

  [ "lists" . "with.dot" ]
audience = [ # comment ]
  "one", # "none",
  "two ]",

  [ 1,
    2 ],
  { deep = 1, er = [
     "x" ] },
]
next = { x = 1, "y.z" = { w = """
""", v = 2 } }

[[items]]
name = "first"
[items.part]
size = 1
[[items]]
name = "second"
[items.part]
size = 2
[[items.subs]]
deep = true
[lists]
"\\u0061" = 5
'''


def test_every_key_of_a_misleading_text_has_its_line() -> None:
    lines = find_lines(MISLEADING)
    source = MISLEADING.splitlines()

    def text(*path: str) -> str:
        return source[lines[path] - 1].strip()

    assert text("top") == "top = 1"
    assert lines["quoted.key",] == 3
    assert lines['literal "key"',] == 4
    assert lines["a",] == lines["a", "b"] == lines["a", "b", "c d"] == 5
    assert text("lists", "sis") == "[lists.sis] # [not.this]"
    assert text("lists", "sis", "title") == 'title = """'
    assert text("lists", "sis", "regex") == "regex = '''"
    assert text("lists", "sis", "mode").startswith('mode = "a # no')
    assert text("lists", "sis", "path") == "path = 'C:\\'"
    assert text("lists", "sis", "after") == "after = 1979-05-27 07:32:00"
    assert text("lists", "with.dot").startswith('[ "lists"')
    assert text("lists", "with.dot", "audience").startswith("audience")
    assert text("lists", "with.dot", "audience", "0").startswith('"one"')
    assert text("lists", "with.dot", "audience", "1").startswith('"two')
    assert text("lists", "with.dot", "audience", "2").startswith("[ 1")
    assert text("lists", "with.dot", "audience", "2", "1").startswith("2 ]")
    assert text("lists", "with.dot", "audience", "3", "er").startswith("{ deep")
    assert text("lists", "with.dot", "audience", "3", "er", "0").startswith('"x"')
    assert text("lists", "with.dot", "next", "x").startswith("next")
    assert text("lists", "with.dot", "next", "y.z", "v") == '""", v = 2 } }'
    assert text("items") == "[[items]]" and lines["items",] == lines["items", "0"]
    assert text("items", "0", "name") == 'name = "first"'
    assert text("items", "0", "part", "size") == "size = 1"
    assert text("items", "1", "name") == 'name = "second"'
    assert text("items", "1", "part", "size") == "size = 2"
    assert text("items", "1", "subs", "0", "deep") == "deep = true"
    assert text("lists", "a").endswith("= 5")


def test_a_header_precedes_what_its_parts_imply() -> None:
    lines = find_lines("[a.b]\nx = 1\n[a]\ny = 2\n")
    assert lines["a",] == 3
    assert find_lines("[a.b]\nx = 1\n")["a",] == 1


def test_what_only_looks_like_a_key_has_no_line() -> None:
    assert set(find_lines(MISLEADING)) == set(_paths(tomllib.loads(MISLEADING)))


def test_lines_may_end_with_carriage_return_and_line_feed() -> None:
    assert find_lines('a = """\r\n[x]\r\n"""\r\nb = 1\r\n') == {("a",): 1, ("b",): 4}


def test_a_path_without_line_has_that_of_its_nearest_ancestor() -> None:
    lines = find_lines("\n[a]\n\nb = [\n1,\n2]\n")
    assert nearest_line(lines, ("a", "b", 1)) == 6
    assert nearest_line(lines, ("a", "b", 7)) == 4
    assert nearest_line(lines, ("a", "c", "d")) == 2
    assert nearest_line(lines, ("z",)) == 1
    assert nearest_line(lines, ()) == 1


@settings(deadline=None)
@given(st.text(alphabet="ab.=[]{}\"'\\#,\n 1-", max_size=60))
def test_no_text_stops_the_scanner(text: str) -> None:
    lines = find_lines(text)
    assert all(1 <= line <= text.count("\n") + 1 for line in lines.values())
    try:
        values = tomllib.loads(text)
    except tomllib.TOMLDecodeError:
        return
    assert set(lines) == set(_paths(values))


_names = st.text(st.characters(exclude_categories=["Cs"]), max_size=6)
_values = st.recursive(
    st.integers() | st.booleans() | _names,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(_names, inner, max_size=3),
    max_leaves=12,
)


@settings(deadline=None)
@given(st.dictionaries(_names, _values, max_size=4))
def test_each_key_is_on_its_line(values: dict[str, object]) -> None:
    text = "".join(
        f"{toml_format.format_key(name)} = {toml_format.format_value(value)}\n"
        for name, value in values.items()
    )
    assert tomllib.loads(text) == values
    lines = find_lines(text)
    assert set(lines) == set(_paths(values))
    order = list(values)
    assert all(line == order.index(path[0]) + 1 for path, line in lines.items())


def _paths(value: object, path: tuple[str, ...] = ()) -> list[tuple[str, ...]]:
    """Return all paths of a value, entries of arrays by index."""
    inner: list[tuple[str, object]] = []
    if isinstance(value, dict):
        inner = list(value.items())
    elif isinstance(value, list):
        inner = [(str(index), item) for index, item in enumerate(value)]
    own = [path] if path else []
    return own + [inner_path for name, item in inner for inner_path in _paths(item, (*path, name))]
