"""Faults: no regular expression is shown to a person."""

from collections.abc import Iterator
from typing import Any

import msgspec

from streams.records.alert import Alert, Withdrawal
from streams.records.hit import Hit
from streams.records.lookback import LookbackRun
from streams.records.match import Match
from streams.records.read import Read
from streams.records.types import PATTERN_TEXTS
from streams.records.verdict import Verdict


def test_every_pattern_of_a_record_has_words() -> None:
    patterns = {
        part.pattern
        for kind in (Read, Alert, Withdrawal, Match, Hit, Verdict, LookbackRun)
        for part in _string_types(kind)
        if part.pattern is not None
    }
    assert patterns == PATTERN_TEXTS.keys()


def _string_types(kind: type) -> Iterator[msgspec.inspect.StrType]:
    """Every type of text in a record."""
    for schema_type in msgspec.inspect.multi_type_info([kind]):
        yield from _nested_string_types(schema_type, set())


def _nested_string_types(info: Any, seen: set[type]) -> Iterator[msgspec.inspect.StrType]:
    if isinstance(info, msgspec.inspect.StrType):
        yield info
    if isinstance(info, msgspec.inspect.StructType):
        if info.cls in seen:
            return
        seen.add(info.cls)
    children = [getattr(info, name, ()) for name in ("type", "types", "item_type", "item_types")]
    children += [getattr(info, name, ()) for name in ("key_type", "value_type")]
    children += [[field.type for field in getattr(info, "fields", ())]]
    for child in children:
        for part in child if isinstance(child, list | tuple) else [child]:
            yield from _nested_string_types(part, seen)
