"""Settings from TOML: valid ones, and every fault of invalid ones."""

from pathlib import Path
from typing import Annotated

import pytest
from msgspec import Meta, Struct

from streams.correlation.config import CentreConfig
from streams.gateway.config import GatewayCameraConfig
from streams.matching.config import ListConfig, MatchingConfig
from streams.network.config import SiteConfig
from streams.records.faults import MISSING_RULE
from streams.settings.load import (
    SettingPosition,
    SettingsError,
    load_settings,
    parse_settings,
    read_settings,
    settings_path,
)
from streams.settings.model import Settings
from streams.settings.validation import validate

GOOD = """
[lists.sis]
mode = "exact"
audience = ["be-west"]
[matching]
equivalences = 2
[sites.rekkem]
territory = "BE"
lat = 50
[cameras.c1]
site = "rekkem"
[centres.be-west]
name = "West"
"""


def faults(text: str) -> list[str]:
    """Return the messages of the faults of an invalid text."""
    with pytest.raises(SettingsError) as caught:
        parse_settings(text, "border.toml")
    assert str(caught.value) == "\n".join(map(str, caught.value.faults))
    return str(caught.value).splitlines()


def test_a_valid_text_has_its_settings() -> None:
    settings = parse_settings(GOOD, "border.toml")
    assert settings == Settings(
        lists={"sis": ListConfig(mode="exact", audience=["be-west"])},
        matching=MatchingConfig(equivalences=2),
        sites={"rekkem": SiteConfig(territory="BE", lat=50.0)},
        cameras={"c1": GatewayCameraConfig(site="rekkem")},
        centres={"be-west": CentreConfig(name="West")},
    )


def test_an_empty_text_has_the_defaults() -> None:
    assert parse_settings("", "empty.toml") == Settings()


def test_all_faults_are_reported_with_their_lines() -> None:
    text = """[lists.sis]
mode = "loose"

[matching]
equivalences = 3
equivalence_min_lenght = 4

[sites.rekkem]
lat = "north"

[cameras.c1]
site = "rekem"
"""
    assert faults(text) == [
        'border.toml:2: lists.sis.mode: must be one of exact, pattern, confusable, fuzzy, got "loose"',
        "border.toml:5: matching.equivalences: must be a whole number from 0 to 2, got 3",
        "border.toml:6: matching.equivalence_min_lenght: unknown key of [matching]; "
        "did you mean equivalence_min_length?",
        'border.toml:9: sites.rekkem.lat: must be a number from -90 to 90, got "north"',
        'border.toml:12: cameras.c1.site: must be an id in [sites], got "rekem"; did you mean rekkem?',
    ]


def test_a_fault_has_its_parts() -> None:
    with pytest.raises(SettingsError) as caught:
        parse_settings("[matching]\nequivalences = 3\n", "border.toml")
    (fault,) = caught.value.faults
    assert fault.position == SettingPosition("border.toml", 2, None)
    assert fault.field == "matching.equivalences"
    assert fault.rule == "must be a whole number from 0 to 2"
    assert fault.value == "3"


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("a = 1\nb = = 2\n", "border.toml:2:5: invalid TOML: Invalid value"),
        ("[a]\nb = 'x", "border.toml:2:7: invalid TOML: "),
        ("[a]\n[a]\n", "border.toml:2:3: invalid TOML: Cannot declare ('a',) twice"),
        ("a = [" * 5000, "border.toml:1"),
        (f"a = {'1' * 5000}", "border.toml:1: invalid TOML: a whole number with thousands of digits"),
    ],
)
def test_invalid_toml_is_one_fault(text: str, message: str) -> None:
    (line,) = faults(text)
    assert line.startswith(message)


def test_an_unknown_section_is_one_fault_with_a_suggestion() -> None:
    assert faults("[corelation]\npassage_gap_s = 1\n") == [
        "border.toml:1: corelation: unknown section; did you mean correlation?"
    ]
    assert faults("zzz = 1\n") == [
        "border.toml:1: zzz: unknown section; "
        "known: kafka, topics, worker, lists, matching, correlation, network, sites, cameras, centres, "
        "handovers, operations, jurisdictions, gateway"
    ]


def test_an_unknown_key_is_one_fault_among_others_and_its_value_is_not_shown() -> None:
    assert faults('[centres.a]\nNAME = "x"\nqqq = "hush"\ncountry = "XX"\n') == [
        "border.toml:2: centres.a.NAME: unknown key of [centres.a]; did you mean name?",
        "border.toml:3: centres.a.qqq: unknown key of [centres.a]; known: name, country",
        "border.toml:4: centres.a.country: must be a country's ISO 3166-1 alpha-2 code in upper case, "
        'got "XX"',
    ]


def test_a_section_of_a_wrong_type_is_a_fault_and_hides_no_other() -> None:
    assert faults('sites = 3\nlists = { sis = 4 }\n[cameras.c1]\nsite = "x"\ndirection = 5\n') == [
        "border.toml:1: sites: must be a table, each value a table, got 3",
        "border.toml:2: lists.sis: must be a table, got 4",
        "border.toml:5: cameras.c1.direction: must be text of 1 to 64 characters, got 5",
    ]


@pytest.mark.parametrize("value", ["nan", "inf", "-inf"])
def test_a_number_must_be_finite(value: str) -> None:
    assert faults(f"[correlation]\nlive_within_s = {value}\n") == [
        f"border.toml:2: correlation.live_within_s: must be a number from 0 to 86400, got {value}"
    ]


@pytest.mark.parametrize("value", ["0", "86400", "1.5"])
def test_a_number_within_its_bounds_is_valid(value: str) -> None:
    assert parse_settings(
        f"[correlation]\nlive_within_s = {value}\n", "x"
    ).correlation.live_within_s == float(value)


def test_the_site_of_a_camera_must_be_known() -> None:
    assert faults('[cameras."be.1"]\nsite = "nowhere"\n') == [
        'border.toml:2: cameras."be.1".site: must be an id in [sites], got "nowhere"; add [sites.nowhere]'
    ]
    assert parse_settings('[cameras."be.1"]\nsite = "s"\n[sites.s]\n', "x").places.site_at("be.1", 0) == "s"


def test_an_invalid_site_is_still_a_known_site() -> None:
    assert len(faults('[cameras.c]\nsite = "s"\n[sites.s]\nlat = 91\n')) == 1


def test_the_centres_of_an_audience_must_be_known() -> None:
    text = '[lists.a]\naudience = [\n  "be",\n  "fr",\n  7,\n]\n'
    assert faults(text) == [
        'border.toml:3: lists.a.audience[0]: must be an id in [centres], got "be"; add [centres.be]',
        'border.toml:4: lists.a.audience[1]: must be an id in [centres], got "fr"; add [centres.fr]',
        "border.toml:5: lists.a.audience[2]: must be text of 1 to 64 characters, got 7",
    ]
    valid = text.replace("  7,\n", "") + "[centres.be]\n[centres.fr]\n"
    assert parse_settings(valid, "x").lists["a"].audience == ["be", "fr"]


def test_a_list_has_a_mode_and_a_minimum_posterior() -> None:
    for mode in ("exact", "pattern", "confusable", "fuzzy"):
        config = parse_settings(f'[lists.a]\nmode = "{mode}"\n', "x").lists["a"]
        assert config.mode == mode
        assert config.effective_min_posterior == (0.5 if mode == "fuzzy" else None)
    assert (
        parse_settings('[lists.a]\nmode = "fuzzy"\nmin_posterior = 0.9\n', "x")
        .lists["a"]
        .effective_min_posterior
        == 0.9
    )
    assert faults("[lists.a]\nmin_posterior = 1.5\nfalse_hits_per_day = 0\n") == [
        "border.toml:2: lists.a.min_posterior: must be a number from 0 to 1, got 1.5",
        "border.toml:3: lists.a.false_hits_per_day: must be a number above 0, got 0",
    ]


def test_topics_from_which_state_is_restored_are_retained_long_enough() -> None:
    assert faults("[topics]\nmatches_hours = 30\nhits_hours = 47.5\n[correlation]\nkept_hours = 48\n") == [
        "border.toml:2: topics.matches_hours: must be at least `kept_hours` of [correlation] (48), got 30; "
        "the state is restored from the matches",
        "border.toml:3: topics.hits_hours: must be at least `kept_hours` of [correlation] (48), got 47.5; "
        "the emitted revisions are restored from the hits",
    ]
    assert faults("[topics]\nwithdrawn_hours = 71\n") == [
        "border.toml:2: topics.withdrawn_hours: must be at least `matches_hours` of [topics] (72), got 71; "
        "a restored match requires its alert's withdrawal"
    ]
    parse_settings(
        "[topics]\nmatches_hours = 24\nwithdrawn_hours = 24\n[correlation]\nkept_hours = 12\n", "right"
    )


def test_the_id_of_a_list_must_not_contain_a_slash() -> None:
    (line,) = faults('[lists."a/b"]\n')
    assert line.startswith('border.toml:1: lists."a/b": its id must not contain a slash, got "a/b"; ')
    assert "a/b" in parse_settings('[sites."a/b"]\n', "x").sites


@pytest.mark.parametrize("section", ["lists", "sites", "cameras", "centres"])
def test_an_id_has_1_to_64_characters(section: str) -> None:
    assert faults(f'[{section}.""]\n') == [
        f'border.toml:1: {section}."": its id must be text of 1 to 64 characters, got ""'
    ]
    assert len(faults(f"[{section}.{'x' * 65}]\n")) == 1
    parse_settings(f"[{section}.{'x' * 64}]\n[{section}.x]\n", "x")


class Login(Struct, forbid_unknown_fields=True):
    """A section with secrets."""

    password: Annotated[str, Meta(min_length=20, extra={"secret": True})]
    tokens: Annotated[list[str], Meta(extra={"secret": True})] = []
    user: Annotated[str, Meta(min_length=5)] = "nobody"


def test_a_fault_does_not_show_a_secret() -> None:
    values = {"password": "hush-1", "tokens": ["hush-2", 99887], "user": "me", "pasword": "hush-3"}
    findings = list(validate(Login, values))
    assert [finding.path for finding in findings] == [("password",), ("tokens", 1), ("user",), ("pasword",)]
    assert "hush" not in repr(findings) and "99887" not in repr(findings)
    assert findings[0].value == "a secret value (not shown)"
    assert findings[2].value == '"me"'
    assert "hush" not in repr(list(validate(Login, "hush")))


def test_a_missing_required_key_is_a_fault() -> None:
    (finding,) = validate(Login, {})
    assert (finding.path, finding.rule) == (("password",), MISSING_RULE)


def test_a_file_is_named_in_its_faults(tmp_path: Path) -> None:
    file = tmp_path / "border.toml"
    file.write_text(GOOD)
    assert read_settings(file) == parse_settings(GOOD, "")
    file.write_bytes(b"\xef\xbb\xbf" + GOOD.replace("\n", "\r\n").encode())
    assert read_settings(file) == parse_settings(GOOD, "")
    file.write_text("[matching]\nequivalences = 3\n")
    with pytest.raises(SettingsError, match=r"border\.toml:2: matching\.equivalences: "):
        read_settings(file)


def test_a_file_that_is_not_utf_8_is_one_fault(tmp_path: Path) -> None:
    file = tmp_path / "latin.toml"
    file.write_bytes("[centres.a]\nname = 'é'\n".encode("latin-1"))
    with pytest.raises(SettingsError) as caught:
        read_settings(file)
    assert str(caught.value) == f"{file}:2:9: must be UTF-8 text, got byte 0xE9"


def test_a_missing_file_is_not_a_fault_of_the_settings(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError):
        read_settings(tmp_path / "none.toml")


def test_the_option_precedes_the_environment_and_the_environment_the_defaults(tmp_path: Path) -> None:
    one, two = tmp_path / "one.toml", tmp_path / "two.toml"
    one.write_text("[matching]\nequivalences = 0\n")
    two.write_text("[matching]\nequivalences = 2\n")
    environ = {"ANPR_CONFIG": str(two)}
    assert load_settings(one, environ).matching.equivalences == 0
    assert load_settings(None, environ).matching.equivalences == 2
    assert load_settings(None, {"ANPR_CONFIG": ""}) == load_settings(None, {}) == Settings()
    assert settings_path(None, environ) == two
    assert settings_path(None, {}) is None
