"""Vendors' country codes of every kind, converted to ISO 3166-1 alpha-2."""

import pytest

from streams.gateway.vendors.shared.country_codes import to_alpha2
from streams.records.countries import COUNTRIES


@pytest.mark.parametrize("code", sorted(COUNTRIES))
def test_every_alpha_2_code_is_known_in_any_case(code: str) -> None:
    assert to_alpha2(code) == code
    assert to_alpha2(code.lower()) == code
    assert to_alpha2(f" {code.title()} ") == code


@pytest.mark.parametrize(
    ("code", "country"),
    [
        ("SWE", "SE"), ("deu", "DE"), ("Aut", "AT"), ("CHE", "CH"), ("GBR", "GB"), ("IRL", "IE"),
        ("DNK", "DK"), ("EST", "EE"), ("SVN", "SI"), ("SVK", "SK"), ("UKR", "UA"), ("BIH", "BA"),
        ("MNE", "ME"), ("XKX", "XK"), ("RKS", "XK"), ("UK", "GB"),
    ],
)  # fmt: skip
def test_alpha_3_and_reserved_codes(code: str, country: str) -> None:
    assert to_alpha2(code) == country


@pytest.mark.parametrize(
    ("code", "country"),
    [("eu-fr", "FR"), ("EU-gb", "GB"), ("eu_de", "DE"), ("us-ca", "US"), ("ca-on", "CA"), ("BEL-VLG", "BE")],
)
def test_regions(code: str, country: str) -> None:
    assert to_alpha2(code) == country


@pytest.mark.parametrize(
    "code",
    ["", " ", "unknown", "UNKNOWN", "n/a", "other", "eu", "EU", "zz", "None", "-", "eu-", "eu-unknown"],
)
def test_a_mark_of_unknown_is_an_empty_country(code: str) -> None:
    assert to_alpha2(code) == ""


@pytest.mark.parametrize(
    "code", ["QQ", "QQQ", "46", "eu-qq", "qq-fr", "Schweden", "ß", "٣", "S E", "x" * 5000, "\0"]
)
def test_a_text_that_is_not_a_code_is_unknown(code: str) -> None:
    assert to_alpha2(code) is None


def test_each_country_has_an_alpha_3_code() -> None:
    letters = "ABCDEFGHIJKLMNOPQRSTUVWXYZ"
    found = [to_alpha2(a + b + c) for a in letters for b in letters for c in letters]
    assert {code for code in found if code} == COUNTRIES
