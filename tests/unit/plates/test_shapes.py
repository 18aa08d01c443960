"""Which forms a shape stands for, and the share of their texts that a pattern fits."""

from fnmatch import fnmatchcase
from itertools import product

import pytest

from streams.plates.shapes import build_form_table, expand_shape, wildcard_share


def share(pattern: str, *shapes: str) -> list[float]:
    forms = [form.allowed for shape in shapes for form in expand_shape(shape)]
    return [float(value) for value in wildcard_share(pattern, build_form_table(forms))]


def test_a_shape_stands_for_forms_of_fixed_length() -> None:
    short, long = expand_shape("[AB]{1,2} [0-9]")
    assert (len(short.allowed), len(long.allowed)) == (2, 3)
    assert (short.group_plate("A1"), long.group_plate("AB1")) == ("A-1", "AB-1")


@pytest.mark.parametrize("shape", ["", "[A", "A B-", "a"])
def test_what_is_not_a_shape_is_refused(shape: str) -> None:
    with pytest.raises(ValueError, match="not a shape"):
        expand_shape(shape)


@pytest.mark.parametrize("pattern", ["A?1", "*1", "A*", "?*", "B??", "AB", "*", "A**?", "???"])
def test_the_share_is_that_of_the_texts_that_fit(pattern: str) -> None:
    allowed = ["AB", "ABC", "12"]
    texts = ["".join(chars) for chars in product(*allowed)]
    fitting = sum(fnmatchcase(text, pattern) for text in texts)
    assert share(pattern, "[AB][ABC][12]") == [pytest.approx(fitting / len(texts))]


def test_forms_have_a_share_each() -> None:
    assert share("A?", "[A-D][0-9]", "[A-D]{3}", "A[A-Z]") == [pytest.approx(0.25), 0, 1]
