"""Checks of jurisdictions: a permission has a source and does not exceed the retention of reads."""

import datetime

import pytest

from streams.rules.jurisdictions import JurisdictionConfig
from streams.settings.load import SettingsError, parse_settings

RETAINED = "[topics.reads_hours]\nFR = 360\n"


def fault(text: str) -> str:
    """Return the message of the only fault of a text."""
    with pytest.raises(SettingsError) as caught:
        parse_settings(text, "border.toml")
    (only_fault,) = caught.value.faults
    return str(only_fault)


def test_a_valid_jurisdiction() -> None:
    settings = parse_settings(
        RETAINED + '[jurisdictions.FR]\nlookback_source = "CSI L233-2"\nlookback_begins = 2026-06-01\n'
        "lookback_hours = {NATIONAL = 360, SIS-36-discreet = 24.5}\n",
        "border.toml",
    )
    assert settings.jurisdictions == {
        "FR": JurisdictionConfig(
            {"NATIONAL": 360.0, "SIS-36-discreet": 24.5}, "CSI L233-2", datetime.date(2026, 6, 1)
        )
    }


def test_a_permission_requires_a_source() -> None:
    assert fault(RETAINED + "[jurisdictions.FR.lookback_hours]\nNATIONAL = 24\n") == (
        "border.toml:3: missing required key `jurisdictions.FR.lookback_source`; name the law that permits "
        "`lookback_hours`"
    )
    assert parse_settings(RETAINED + "[jurisdictions.FR]\n", "border.toml").jurisdictions == {
        "FR": JurisdictionConfig()
    }


def test_lookback_hours_do_not_exceed_the_retention() -> None:
    text = '[jurisdictions.FR]\nlookback_source = "law"\nlookback_hours = {NATIONAL = 361}\n'
    assert fault(RETAINED + text) == (
        "border.toml:5: jurisdictions.FR.lookback_hours.NATIONAL: must be at most `reads_hours` of [topics] "
        "for FR (360), got 361; older reads are not retained"
    )
    assert "must not be set without FR in `reads_hours`" in fault(text)


def test_a_basis_and_a_country_must_be_known() -> None:
    assert "its id must be a country's" in fault("[jurisdictions.XX]\n")
    text = '[jurisdictions.FR]\nlookback_source = "law"\nlookback_hours = {national = 24}\n'
    assert "its id must be one of SIS-36-discreet" in fault(RETAINED + text)


def test_a_permission_ends_after_it_begins() -> None:
    days = "lookback_begins = 2026-06-01\nlookback_ends = 2026-06-01\n"
    assert "must be after `lookback_begins` (2026-06-01)" in fault("[jurisdictions.FR]\n" + days)
    assert parse_settings(
        "[jurisdictions.FR]\n" + days.replace("-06-01\nlookback_ends", "-05-01\nlookback_ends"), "x"
    )
