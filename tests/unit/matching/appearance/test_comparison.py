"""Appearance: the evidence of make, colour and type, its limits, and the words of cameras and lists."""

from functools import lru_cache
from itertools import product
from typing import get_args

import msgspec
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from streams.matching.appearance.comparison import (
    AppearanceComparer,
    describes_vehicle,
    find_contradictions,
)
from streams.matching.appearance.config import AppearanceConfig
from streams.matching.appearance.model import AppearanceData, AppearanceModel, builtin_appearance
from streams.matching.appearance.names import Attribute, is_same_model, normalise_word
from streams.records.read import Vehicle
from streams.records.types import Basis

MODEL = builtin_appearance()
COLOURS = [row.name for row in MODEL.names["colour"].rows]
TYPES = [row.name for row in MODEL.names["type"].rows]
MAKES = [row.name for row in MODEL.names["make"].rows]

countries = st.sampled_from([*MODEL.fleets, "IT", None])
colours, types, makes = map(st.sampled_from, (COLOURS, TYPES, MAKES))
confidences = st.none() | st.floats(0, 1)
vehicles = st.builds(
    Vehicle,
    make=st.none() | makes,
    model=st.none() | st.sampled_from(["Clio", "Clio IV", "308", "unknown"]),
    colour=st.none() | colours,
    type=st.none() | types,
    confidence=confidences,
)


@lru_cache(maxsize=1)
def comparer() -> AppearanceComparer:
    return AppearanceComparer()


def ratio(read: Vehicle, listed: Vehicle, country: str | None = "BE") -> float:
    return comparer().score(read, listed, country).ratio


def without(vehicle: Vehicle, *fields: str) -> Vehicle:
    return msgspec.structs.replace(vehicle, **dict.fromkeys(fields))


# --- sentences for officers ---------------------------------------------------------------------------


def test_a_burgundy_lexus_is_not_the_grey_gmc_truck() -> None:
    lexus = Vehicle(make="LEXUS", colour="burgundy", type="car")
    listed = Vehicle(make="GMC", colour="grey", type="truck")
    score = comparer().score(lexus, listed, "BE")
    assert score.ratio == pytest.approx(AppearanceConfig().listed_wrong, abs=0.005)
    contradictions = find_contradictions(score.parts)
    assert [(found.what, found.read, found.listed) for found in contradictions] == [
        ("type", "car", "truck"),
        ("make", "LEXUS", "GMC"),
        ("colour", "burgundy", "grey"),
    ]
    assert (
        contradictions[2].meaning == "colour read as red, listed as grey: one in 200 grey vehicles is read so"
    )


def test_a_grey_gmc_truck_read_as_silver_is_the_listed_one() -> None:
    seen = Vehicle(make="GMC", colour="Silver", type="camion")
    score = comparer().score(seen, Vehicle(make="gmc", colour="grijs", type="truck"), "BE")
    assert score.ratio == 1 / AppearanceConfig().listed_wrong
    assert find_contradictions(score.parts) == []
    assert [part.attribute for part in score.parts] == ["type", "make", "colour"]
    assert score.parts[0].text == "type read as lorry, as listed: one in 25 vehicles is read so"


def test_grey_read_as_white_is_no_contradiction_and_red_is() -> None:
    def contradicting(colour: str) -> list[str]:
        score = comparer().score(Vehicle(colour=colour), Vehicle(colour="gris"), "FR")
        return [found.what for found in find_contradictions(score.parts, max_ratio=0.25)]

    assert contradicting("brown") == []
    assert contradicting("red") == ["colour"]


def test_a_type_unknown_to_many_recognisers_hardly_counts() -> None:
    """Many have no type SUV; and the rear plate of a lorry is that of its trailer."""
    for seen, listed in [("car", "SUV"), ("SUV", "car"), ("lorry", "trailer")]:
        assert ratio(Vehicle(type=seen), Vehicle(type=listed)) > 0.4
    assert ratio(Vehicle(type="car"), Vehicle(type="lorry")) < 0.1


def test_a_stolen_plate_may_be_on_any_vehicle() -> None:
    assert [basis for basis in get_args(Basis) if not describes_vehicle(basis)] == ["SIS-38-plate"]


def test_a_model_refines_a_make_that_agrees() -> None:
    listed = Vehicle(make="Renault", model="Clio")
    bare = ratio(Vehicle(make="RENAULT"), listed)
    assert ratio(Vehicle(make="RENAULT", model="CLIO IV"), listed) > bare
    assert ratio(Vehicle(make="RENAULT", model="Espace"), listed) < bare
    assert ratio(Vehicle(make="RENAULT", model="Unknown"), listed) == bare
    score = comparer().score(Vehicle(make="Dacia", model="Clio"), listed, "FR")
    assert [part.attribute for part in score.parts] == ["make"]
    named_otherwise = comparer().score(Vehicle(make="Renault", model="Espace"), listed, "FR")
    assert find_contradictions(named_otherwise.parts, max_ratio=1.0) == []


def test_models_are_compared_word_by_word() -> None:
    assert is_same_model("C-HR", "chr")
    assert is_same_model("Golf Variant", "GOLF")
    assert not is_same_model("C3", "C30")
    assert not is_same_model("208", "2008")


# --- words ---------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("what", "words"),
    [
        ("colour", ["gris", "grijs", "grau", "grey", "gray", "silver", "GRIS FONCÉ", "Dark Grey metallic"]),
        ("colour", ["weiß", "WEISS", "blanc", "Wit"]),
        ("colour", ["burgundy", "Bordeaux", "rouge", "rood", "dunkel-rot"]),
        ("type", ["camionnette", "bestelwagen", "Transporter", "van", "CTTE"]),
        ("type", ["Poids lourd", "LKW", "vrachtwagen", "truck", "tractor-trailer"]),
        ("type", ["semi-remorque", "oplegger", "Anhänger", "trailer"]),
        ("type", ["Motorrad", "moto", "motorfiets", "two_wheel_vehicle"]),
        ("make", ["VW", "Volkswagen", "volkswagen (vw)", "VW Passat"]),
        ("make", ["Citroën", "CITROEN", "citroe\u0308n"]),
        ("make", ["Mercedes-Benz", "MERCEDES", "mercedes benz"]),
        ("make", ["Škoda", "SKODA"]),
    ],
)
def test_words_of_cameras_and_lists_have_one_name(what: Attribute, words: list[str]) -> None:
    assert len({MODEL.names[what].find_index(word) for word in words}) == 1
    assert MODEL.names[what].find_index(words[0]) is not None


@pytest.mark.parametrize("word", ["", "?", "unknown", "zebra", "blue/white", "other"])
def test_an_unknown_or_ambiguous_word_is_no_evidence(word: str) -> None:
    score = comparer().score(Vehicle(colour=word or "-"), Vehicle(colour="red"), "FR")
    assert score == (1.0, [])


@given(st.text(max_size=64), st.text(max_size=64), countries)
def test_any_text_is_accepted(read_vehicle: str, alert_vehicle: str, country: str | None) -> None:
    for seen, listed in [(read_vehicle, alert_vehicle), (read_vehicle, "red"), ("car", alert_vehicle)]:
        vehicle, alert = (Vehicle(*[text] * 4) for text in (seen, listed))
        assert comparer().score(vehicle, alert, country).ratio > 0


@given(vehicles, vehicles, countries)
def test_case_and_spaces_do_not_matter(
    read_vehicle: Vehicle, alert_vehicle: Vehicle, country: str | None
) -> None:
    def loud(vehicle: Vehicle) -> Vehicle:
        upper = {
            field: value.upper() + " "
            for field in ("make", "colour", "type")
            if (value := getattr(vehicle, field))
        }
        return msgspec.structs.replace(vehicle, **upper)

    assert ratio(loud(read_vehicle), loud(alert_vehicle), country) == ratio(
        read_vehicle, alert_vehicle, country
    )


# --- properties ----------------------------------------------------------------------------------------


@given(vehicles, vehicles, countries)
def test_an_attribute_of_one_side_only_does_not_matter(
    read_vehicle: Vehicle, alert_vehicle: Vehicle, country: str | None
) -> None:
    for field in ("make", "colour", "type"):
        left, right = without(read_vehicle, field), without(alert_vehicle, field)
        assert (
            ratio(left, alert_vehicle, country)
            == ratio(read_vehicle, right, country)
            == ratio(left, right, country)
        )
    assert ratio(Vehicle(), alert_vehicle, country) == ratio(read_vehicle, Vehicle(), country) == 1
    assert (
        comparer().score(None, alert_vehicle, country)
        == comparer().score(read_vehicle, None, country)
        == (1.0, [])
    )


@given(vehicles, vehicles, countries)
def test_a_contradicting_colour_never_raises_the_ratio(
    read_vehicle: Vehicle, alert_vehicle: Vehicle, country: str | None
) -> None:
    if read_vehicle.colour and alert_vehicle.colour and read_vehicle.colour != alert_vehicle.colour:
        assert ratio(read_vehicle, alert_vehicle, country) <= ratio(
            without(read_vehicle, "colour"), alert_vehicle, country
        )


@given(vehicles, vehicles, countries)
def test_no_contradicting_part_is_above_one(
    read_vehicle: Vehicle, alert_vehicle: Vehicle, country: str | None
) -> None:
    """The product may rise with a contradicting type, which changes how common the make is."""
    for part in comparer().score(read_vehicle, alert_vehicle, country).parts:
        if part.attribute != "model" and getattr(read_vehicle, part.attribute) != getattr(
            alert_vehicle, part.attribute
        ):
            assert part.ratio <= 1


@given(vehicles, vehicles, countries, colours)
def test_another_colour_is_lower_than_the_listed_one(
    read_vehicle: Vehicle, alert_vehicle: Vehicle, country: str | None, colour: str
) -> None:
    same = msgspec.structs.replace(read_vehicle, colour=colour)
    listed = msgspec.structs.replace(alert_vehicle, colour=colour)
    for wrong in set(COLOURS) - {colour}:
        assert ratio(msgspec.structs.replace(read_vehicle, colour=wrong), listed, country) <= ratio(
            same, listed, country
        )


@given(vehicles, vehicles, countries, st.floats(0, 1))
def test_less_confidence_brings_the_ratio_closer_to_one(
    read_vehicle: Vehicle, alert_vehicle: Vehicle, country: str | None, part: float
) -> None:
    full = 1.0 if read_vehicle.confidence is None else read_vehicle.confidence
    less = msgspec.structs.replace(read_vehicle, confidence=full * part)
    full_ratio, less_ratio = (ratio(vehicle, alert_vehicle, country) for vehicle in (read_vehicle, less))
    assert abs(less_ratio - 1) <= abs(full_ratio - 1) + 1e-12
    assert (less_ratio - 1) * (full_ratio - 1) >= 0
    assert ratio(msgspec.structs.replace(read_vehicle, confidence=0.0), alert_vehicle, country) == 1


@pytest.mark.parametrize("country", [*MODEL.fleets])
def test_a_rare_colour_or_make_raises_more_than_a_common_one(country: str) -> None:
    fleet = MODEL.fleets[country]
    for what, shares in (("colour", fleet.types @ fleet.colours), ("make", fleet.types @ fleet.makes)):
        found = []
        for name, share in zip((row.name for row in MODEL.names[what].rows), shares, strict=True):
            vehicle = Vehicle(**{what: name})
            found.append((float(share), ratio(vehicle, vehicle, country)))
        for (common_share, common_ratio), (rare_share, rare_ratio) in product(found, found):
            if common_share > 2.5 * rare_share:
                assert common_ratio < rare_ratio or rare_ratio == 1 / AppearanceConfig().listed_wrong
        assert all(raised > 1 for _, raised in found)


@given(vehicles, vehicles, countries, st.floats(0.001, 1))
def test_the_ratio_stays_within_the_limits_of_the_description(
    read_vehicle: Vehicle, alert_vehicle: Vehicle, country: str | None, listed_wrong: float
) -> None:
    config = AppearanceConfig(listed_wrong=listed_wrong)
    score = comparer_with(config).score(read_vehicle, alert_vehicle, country)
    assert listed_wrong - 1e-12 <= score.ratio <= 1 / listed_wrong + 1e-12
    assert score.ratio == comparer_with(config).ratio(read_vehicle, alert_vehicle, country)


@lru_cache(maxsize=8)
def comparer_with(config: AppearanceConfig) -> AppearanceComparer:
    return AppearanceComparer(config)


def test_a_higher_error_rate_is_weaker_evidence() -> None:
    seen, same = Vehicle(colour="white"), Vehicle(colour="red")
    found = [
        comparer_with(AppearanceConfig(error_colour=error)).ratio(seen, same, "FR")
        for error in (0.05, 0.15, 0.3, 0.5)
    ]
    assert found == sorted(found) and found[0] < found[-1]
    found = [
        comparer_with(AppearanceConfig(error_colour=error)).ratio(same, same, "FR")
        for error in (0.05, 0.15, 0.3, 0.5)
    ]
    assert found == sorted(found, reverse=True)


# --- calibration ---------------------------------------------------------------------------------------


@pytest.mark.parametrize("country", ["FR", "NL"])
@pytest.mark.parametrize(
    "listed",
    [
        Vehicle(colour="white"),
        Vehicle(make="Lexus"),
        Vehicle(type="SUV"),
        Vehicle(make="Scania", type="lorry", colour="white"),
        Vehicle(make="Renault", type="car", colour="red"),
        Vehicle(make="Renault", type="trailer", colour="orange"),
    ],
)
def test_the_mean_over_other_vehicles_of_the_fleet_is_at_most_one(country: str, listed: Vehicle) -> None:
    """Read by the recogniser of the settings, the appearance by itself produces no hits."""
    config, fleet = AppearanceConfig(), MODEL.fleets[country]
    by_type = [
        MODEL.confusion_matrix("type", config.error_type),
        fleet.makes @ MODEL.confusion_matrix("make", config.error_make),
        fleet.colours @ MODEL.confusion_matrix("colour", config.error_colour),
    ]
    chances = np.einsum("t,ta,tm,tc->amc", fleet.types, *by_type)
    assert chances.sum() == pytest.approx(1)
    ratios = np.array(
        [
            [[comparer().ratio(Vehicle(make, None, colour, type_), listed, country) for colour in COLOURS]
             for make in (MAKES if listed.make else [None])]
            for type_ in (TYPES if listed.type else [None])
        ]
    )  # fmt: skip
    if not listed.make:
        chances = chances.sum(axis=1, keepdims=True)
    if not listed.type:
        chances = chances.sum(axis=0, keepdims=True)
    mean = float((chances * ratios).sum())
    assert mean <= 1 + 1e-9
    assert mean > (0.9 if listed.make is None else 0.1)


@pytest.mark.parametrize("what", ["colour", "make"])
def test_the_mean_error_rate_over_the_fleet_is_as_configured(what: Attribute) -> None:
    fleet = MODEL.fleets[""]
    shares = fleet.types @ (fleet.colours if what == "colour" else fleet.makes)
    wrong = 1 - np.diag(MODEL.confusion_matrix(what, 0.1))
    assert float(shares @ wrong) == pytest.approx(0.1, rel=0.1)


@pytest.mark.parametrize("what", ["type", "make", "colour"])
@pytest.mark.parametrize("error", [0.001, 0.05, 0.5])
def test_every_misread_is_possible_and_rows_add_up_to_one(what: Attribute, error: float) -> None:
    table = MODEL.confusion_matrix(what, error)
    assert (table > 0).all()
    assert table.sum(axis=1) == pytest.approx(1)
    for fleet in MODEL.fleets.values():
        for shares in fleet:
            assert shares.sum(axis=-1) == pytest.approx(1)
            assert (shares >= 0).all()


def sample_attribute(
    attribute: str, country: str, vehicle_types: np.ndarray, rng: np.random.Generator
) -> np.ndarray:
    fleet = MODEL.fleets[country]
    table = {"make": fleet.makes, "colour": fleet.colours}[attribute]
    return (rng.random(len(vehicle_types))[:, None] > np.cumsum(table[vehicle_types], axis=1)).sum(axis=1)


def test_other_vehicles_are_reduced_to_a_tenth_at_nearly_the_same_recall() -> None:
    """Reads sampled from the fleet; misreads are uniform over all names, unlike in the model."""
    rng, count, fleet = np.random.default_rng(7), 4000, MODEL.fleets["BE"]

    def sample_vehicles() -> list[np.ndarray]:
        types = (rng.random(count)[:, None] > np.cumsum(fleet.types)).sum(axis=1)
        return [
            types,
            sample_attribute("make", "BE", types, rng),
            sample_attribute("colour", "BE", types, rng),
        ]

    def read(true: list[np.ndarray]) -> list[np.ndarray]:
        rates, sizes = (0.05, 0.05, 0.15), (len(TYPES), len(MAKES), len(COLOURS))
        return [
            np.where(rng.random(count) < rate, rng.integers(0, size, count), column)
            for column, rate, size in zip(true, rates, sizes, strict=True)
        ]

    def as_vehicles(columns: list[np.ndarray]) -> list[Vehicle]:
        return [Vehicle(MAKES[m], None, COLOURS[c], TYPES[t]) for t, m, c in zip(*columns, strict=True)]

    listed = sample_vehicles()
    alerts = as_vehicles(listed)
    right = [
        comparer().ratio(read_vehicle, alert, "BE")
        for read_vehicle, alert in zip(as_vehicles(read(listed)), alerts, strict=True)
    ]
    others = as_vehicles(read(sample_vehicles()))
    wrong = [
        comparer().ratio(read_vehicle, alert, "BE")
        for read_vehicle, alert in zip(others, alerts, strict=True)
    ]
    threshold = np.quantile(right, 0.03)
    assert np.mean(np.array(wrong) >= threshold) < 0.1


# --- the data ------------------------------------------------------------------------------------------


def test_data_with_undeclared_names_are_rejected() -> None:
    def data_with(**changed: object) -> AppearanceData:
        table: dict[str, object] = {
            "usual_confidence": 0.8,
            "model": {"error": 0.3, "share": 0.1, "unknown": []},
            "colour": [{"name": "red"}, {"name": "blue"}],
            "type": [{"name": "car"}, {"name": "van"}],
            "makes": {"words": {"Ford": [], "Fiat": []}, "alike": [], "within": 0.5},
            "fleet": [{"country": "", "types": {"car": 0.7}}],
        }
        return msgspec.convert(table | changed, AppearanceData)

    assert AppearanceModel(data_with()).fleets[""].types == pytest.approx([0.7, 0.3])
    with pytest.raises(ValueError, match="the name `bus` is not declared"):
        AppearanceModel(data_with(fleet=[{"country": "", "types": {"bus": 0.7}}]))
    with pytest.raises(ValueError, match="shares of more than 1"):
        AppearanceModel(data_with(fleet=[{"country": "", "types": {"car": 0.7, "van": 0.6}}]))
    with pytest.raises(ValueError, match="`Röd` is a word of two names"):
        AppearanceModel(
            data_with(colour=[{"name": "red", "words": ["rod"]}, {"name": "blue", "words": ["Röd"]}])
        )


def test_normalised_words() -> None:
    assert [normalise_word(word) for word in ("Weiß", "CITROËN", "Land-Rover ", "Ｖ_Ｗ", "")] == [
        "weiss",
        "citroen",
        "landrover",
        "vw",
        "",
    ]
