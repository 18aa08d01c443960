"""The settings as TOML that can be read back, and the reference document."""

import datetime
import tomllib
from pathlib import Path
from typing import Annotated, Literal

import hypothesis
import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec import Meta, Struct

from streams.correlation.config import CentreConfig, CorrelationConfig
from streams.gateway.config import GatewayCameraConfig
from streams.matching.config import ListConfig, MatchingConfig
from streams.network.config import SiteConfig
from streams.settings.load import parse_settings
from streams.settings.model import Settings
from streams.settings.reference import build_reference, format_settings
from streams.settings.toml_positions import find_lines
from streams.settings.type_info import describe_type, toml_form
from tools import generate as generated

_characters = st.characters(exclude_categories=["Cs"])
_ids = st.text(_characters, min_size=1, max_size=64)
_words = st.none() | st.text(_characters, min_size=1, max_size=80)
_countries = st.sampled_from([None, "BE", "FR", "NL"])


@st.composite
def settings(draw: st.DrawFn) -> Settings:
    """Generate valid settings."""
    centres = draw(
        st.dictionaries(_ids, st.builds(CentreConfig, name=_words, country=_countries), max_size=3)
    )
    site = st.builds(
        SiteConfig,
        name=_words,
        road=st.none() | _ids,
        territory=_countries,
        lat=st.none() | st.floats(-90, 90),
        lon=st.none() | st.floats(-180, 180),
    )
    sites = draw(st.dictionaries(_ids, site, max_size=3))
    camera = st.builds(GatewayCameraConfig, site=st.sampled_from([None, *sites]), direction=st.none() | _ids)
    list_config = st.builds(
        ListConfig,
        title=_words,
        mode=st.sampled_from(["exact", "pattern", "confusable"]),
        audience=st.lists(st.sampled_from(list(centres)), max_size=4) if centres else st.just([]),
    )
    return Settings(
        lists=draw(st.dictionaries(_ids.filter(lambda name: "/" not in name), list_config, max_size=3)),
        matching=MatchingConfig(equivalences=draw(st.integers(0, 2))),
        correlation=CorrelationConfig(passage_gap_s=draw(st.floats(0, 86400))),
        sites=sites,
        cameras=draw(st.dictionaries(_ids, camera, max_size=3)),
        centres=centres,
    )


@hypothesis.settings(deadline=None)
@given(settings())
def test_shown_settings_are_read_back_unchanged(chosen: Settings) -> None:
    text = format_settings(chosen)
    assert parse_settings(text, "shown") == chosen
    assert ("matching", "equivalences") in find_lines(text)


def test_shown_settings_have_the_defaults_and_mark_what_is_not_set() -> None:
    text = format_settings(Settings(centres={"be.west": CentreConfig(country="BE")}))
    assert '[centres."be.west"]\n# name =  (not set)\ncountry = "BE"\n' in text
    assert "[matching]\nequivalences = 1\n" in text
    assert "# [sites.<id>]  (none)\n" in text


class Login(Struct, frozen=True):
    """A section with a secret."""

    password: Annotated[str | None, Meta(extra={"secret": True}, description="a secret")] = None
    user: str = "nobody"


class Deep(Struct):
    """Settings of every form."""

    name: str = "x"
    since: datetime.date = datetime.date(2024, 2, 29)
    login: Login = Login()
    spare: Login | None = None
    logins: dict[str, Login] = {}
    row: list[Login] = []
    actions: dict[str, str] = {}
    keys: Annotated[list[str], Meta(extra={"secret": True})] | None = None


def test_secrets_are_hidden_and_marked_as_set() -> None:
    login = Login(password="hush")
    text = format_settings(
        Deep(login=login, spare=login, logins={"a b": login}, row=[login, login], keys=["hush"])
    )
    assert "hush" not in text
    assert text.count("# password =  (set, hidden)\n") == 5
    assert "# keys =  (set, hidden)\n" in text
    assert "# password =  (not set)\n" in format_settings(Login())


def test_every_form_of_table_is_read_back() -> None:
    deep = Deep(logins={"a b": Login(user="u")}, row=[Login(user="v"), Login()], actions={"FR": 'a"\x7f\n'})
    assert msgspec.convert(tomllib.loads(format_settings(deep)), Deep) == deep
    assert msgspec.convert(tomllib.loads(format_settings(Deep())), Deep) == Deep()


@pytest.mark.parametrize(
    ("kind", "words"),
    [
        (Annotated[int, Meta(ge=1, le=5)] | None, "a whole number from 1 to 5"),
        (Annotated[float, Meta(gt=0, le=1)], "a number above 0 and at most 1"),
        (Annotated[float, Meta(ge=0)], "a number of at least 0"),
        (float, "a finite number"),
        (bool, "true or false"),
        (str, "text"),
        (
            Annotated[str, Meta(min_length=2, pattern="^x", extra={"pattern_text": "that begin with x"})],
            "text of at least 2 characters that begin with x",
        ),
        (Annotated[list[int], Meta(max_length=3)], "an array of at most 3 entries, each a whole number"),
        (dict[str, bool], "a table, each value true or false"),
        (int | str, "a whole number or text"),
        (Literal["b", "a"], "one of b, a"),
        (Login | None, "a table"),
    ],
)
def test_types_in_words(kind: object, words: str) -> None:
    assert describe_type(kind) == words


def test_a_pattern_has_a_text_so_that_no_regular_expression_is_shown() -> None:
    with pytest.raises(ValueError, match="has no `pattern_text`"):
        describe_type(Annotated[str, Meta(pattern="^x")])


def test_the_reference_has_each_section_and_key_with_type_default_and_description() -> None:
    text = build_reference()
    row = "| `live_within_s` | a number from 0 to 86400 | `300.0` | maximum age in seconds of a read"
    assert row in text
    for field in msgspec.structs.fields(Settings):
        assert f"## `[{field.encode_name}" in text
    for table in (
        ListConfig,
        MatchingConfig,
        CorrelationConfig,
        SiteConfig,
        GatewayCameraConfig,
        CentreConfig,
    ):
        for field in msgspec.structs.fields(table):
            name = field.encode_name
            keys = {"value": f"\n| `{name}` | ", "array": f".{name}]]`"}
            assert keys.get(toml_form(field.type), f".{name}]`") in text
    assert " |  |" not in text, "a key without a description"


def test_the_generated_files_are_up_to_date() -> None:
    assert generated.outdated_files() == []


def test_outdated_files_are_found_and_rewritten(tmp_path: Path) -> None:
    every = list(generated.GENERATED)
    assert generated.outdated_files(tmp_path) == every
    assert generated.write_outdated(tmp_path) == every
    assert generated.outdated_files(tmp_path) == generated.write_outdated(tmp_path) == []
    (tmp_path / every[0]).write_text("edited by hand")
    assert generated.outdated_files(tmp_path) == every[:1]
