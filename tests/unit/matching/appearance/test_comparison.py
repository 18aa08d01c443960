"""Looks: what make, colour and type say, that they never say too much, and that no word of a list fails."""

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

DATA = builtin_appearance()
COLOURS = [row.name for row in DATA.names["colour"].rows]
TYPES = [row.name for row in DATA.names["type"].rows]
MAKES = [row.name for row in DATA.names["make"].rows]

countries = st.sampled_from([*DATA.fleets, "IT", None])
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
def looks() -> AppearanceComparer:
    return AppearanceComparer()


def ratio(read: Vehicle, listed: Vehicle, country: str | None = "BE") -> float:
    return looks().score(read, listed, country).ratio


def without(vehicle: Vehicle, *fields: str) -> Vehicle:
    return msgspec.structs.replace(vehicle, **dict.fromkeys(fields))


# --- what an officer is told ---------------------------------------------------------------------------


def test_a_burgundy_lexus_is_not_the_grey_gmc_truck() -> None:
    lexus = Vehicle(make="LEXUS", colour="burgundy", type="car")
    listed = Vehicle(make="GMC", colour="grey", type="truck")
    said = looks().score(lexus, listed, "BE")
    assert said.ratio == pytest.approx(AppearanceConfig().listed_wrong, abs=0.005)
    found = find_contradictions(said.parts)
    assert [(each.what, each.read, each.listed) for each in found] == [
        ("type", "car", "truck"),
        ("make", "LEXUS", "GMC"),
        ("colour", "burgundy", "grey"),
    ]
    assert found[2].meaning == "colour read as red, listed as grey: one in 200 grey vehicles is read so"


def test_the_grey_gmc_truck_is() -> None:
    seen = Vehicle(make="GMC", colour="Silver", type="camion")
    said = looks().score(seen, Vehicle(make="gmc", colour="grijs", type="truck"), "BE")
    assert said.ratio == 1 / AppearanceConfig().listed_wrong
    assert find_contradictions(said.parts) == []
    assert [part.attribute for part in said.parts] == ["type", "make", "colour"]
    assert said.parts[0].text == "type read as lorry, as listed: one in 25 vehicles is read so"


def test_grey_read_as_white_is_no_contradiction_and_red_is() -> None:
    def told(colour: str) -> list[str]:
        said = looks().score(Vehicle(colour=colour), Vehicle(colour="gris"), "FR")
        return [each.what for each in find_contradictions(said.parts, max_ratio=0.25)]

    assert told("brown") == []
    assert told("red") == ["colour"]


def test_a_type_that_a_recogniser_may_not_know_hardly_counts() -> None:
    """Many have no SUV; and the plate behind a lorry is its trailer's."""
    for seen, listed in [("car", "SUV"), ("SUV", "car"), ("lorry", "trailer")]:
        assert ratio(Vehicle(type=seen), Vehicle(type=listed)) > 0.4
    assert ratio(Vehicle(type="car"), Vehicle(type="lorry")) < 0.1


def test_the_stolen_plate_may_be_on_any_vehicle() -> None:
    assert [basis for basis in get_args(Basis) if not describes_vehicle(basis)] == ["SIS-38-plate"]


def test_a_model_refines_a_make_that_agrees() -> None:
    listed = Vehicle(make="Renault", model="Clio")
    bare = ratio(Vehicle(make="RENAULT"), listed)
    assert ratio(Vehicle(make="RENAULT", model="CLIO IV"), listed) > bare
    assert ratio(Vehicle(make="RENAULT", model="Espace"), listed) < bare
    assert ratio(Vehicle(make="RENAULT", model="Unknown"), listed) == bare
    said = looks().score(Vehicle(make="Dacia", model="Clio"), listed, "FR")
    assert [part.attribute for part in said.parts] == ["make"]
    named_otherwise = looks().score(Vehicle(make="Renault", model="Espace"), listed, "FR")
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
def test_words_of_cameras_and_lists(what: Attribute, words: list[str]) -> None:
    assert len({DATA.names[what].find_index(word) for word in words}) == 1
    assert DATA.names[what].find_index(words[0]) is not None


@pytest.mark.parametrize("word", ["", "?", "unknown", "zebra", "blue/white", "other"])
def test_a_word_that_is_unknown_or_may_be_two_says_nothing(word: str) -> None:
    said = looks().score(Vehicle(colour=word or "-"), Vehicle(colour="red"), "FR")
    assert said == (1.0, [])


@given(st.text(max_size=64), st.text(max_size=64), countries)
def test_no_text_fails(one: str, other: str, country: str | None) -> None:
    for seen, listed in [(one, other), (one, "red"), ("car", other)]:
        vehicle, alert = (Vehicle(*[text] * 4) for text in (seen, listed))
        assert looks().score(vehicle, alert, country).ratio > 0


@given(vehicles, vehicles, countries)
def test_how_a_word_is_written_does_not_matter(one: Vehicle, other: Vehicle, country: str | None) -> None:
    def loud(vehicle: Vehicle) -> Vehicle:
        upper = {
            field: value.upper() + " "
            for field in ("make", "colour", "type")
            if (value := getattr(vehicle, field))
        }
        return msgspec.structs.replace(vehicle, **upper)

    assert ratio(loud(one), loud(other), country) == ratio(one, other, country)


# --- properties ----------------------------------------------------------------------------------------


@given(vehicles, vehicles, countries)
def test_what_only_one_side_says_does_not_matter(one: Vehicle, other: Vehicle, country: str | None) -> None:
    for field in ("make", "colour", "type"):
        left, right = without(one, field), without(other, field)
        assert ratio(left, other, country) == ratio(one, right, country) == ratio(left, right, country)
    assert ratio(Vehicle(), other, country) == ratio(one, Vehicle(), country) == 1
    assert looks().score(None, other, country) == looks().score(one, None, country) == (1.0, [])


@given(vehicles, vehicles, countries)
def test_a_contradiction_of_colour_never_raises(one: Vehicle, other: Vehicle, country: str | None) -> None:
    if one.colour and other.colour and one.colour != other.colour:
        assert ratio(one, other, country) <= ratio(without(one, "colour"), other, country)


@given(vehicles, vehicles, countries)
def test_no_part_that_contradicts_is_above_one(one: Vehicle, other: Vehicle, country: str | None) -> None:
    """The whole may rise with a type that contradicts: it says of the make that follows how common it is."""
    for part in looks().score(one, other, country).parts:
        if part.attribute != "model" and getattr(one, part.attribute) != getattr(other, part.attribute):
            assert part.ratio <= 1


@given(vehicles, vehicles, countries, colours)
def test_another_colour_is_lower_than_the_listed_one(
    one: Vehicle, other: Vehicle, country: str | None, colour: str
) -> None:
    same = msgspec.structs.replace(one, colour=colour)
    listed = msgspec.structs.replace(other, colour=colour)
    for wrong in set(COLOURS) - {colour}:
        assert ratio(msgspec.structs.replace(one, colour=wrong), listed, country) <= ratio(
            same, listed, country
        )


@given(vehicles, vehicles, countries, st.floats(0, 1))
def test_less_confidence_brings_it_nearer_to_one(
    one: Vehicle, other: Vehicle, country: str | None, part: float
) -> None:
    full = 1.0 if one.confidence is None else one.confidence
    less = msgspec.structs.replace(one, confidence=full * part)
    sure, unsure = (ratio(vehicle, other, country) for vehicle in (one, less))
    assert abs(unsure - 1) <= abs(sure - 1) + 1e-12
    assert (unsure - 1) * (sure - 1) >= 0
    assert ratio(msgspec.structs.replace(one, confidence=0.0), other, country) == 1


@pytest.mark.parametrize("country", [*DATA.fleets])
def test_a_rare_colour_or_make_raises_more_than_a_common_one(country: str) -> None:
    fleet = DATA.fleets[country]
    for what, shares in (("colour", fleet.types @ fleet.colours), ("make", fleet.types @ fleet.makes)):
        found = []
        for name, share in zip((row.name for row in DATA.names[what].rows), shares, strict=True):
            vehicle = Vehicle(**{what: name})
            found.append((float(share), ratio(vehicle, vehicle, country)))
        for (one, raised), (other, as_much) in product(found, found):
            if one > 2.5 * other:
                assert raised < as_much or as_much == 1 / AppearanceConfig().listed_wrong
        assert all(raised > 1 for _, raised in found)


@given(vehicles, vehicles, countries, st.floats(0.001, 1))
def test_it_stays_within_what_the_description_is_worth(
    one: Vehicle, other: Vehicle, country: str | None, listed_wrong: float
) -> None:
    policy = AppearanceConfig(listed_wrong=listed_wrong)
    said = _by(policy).score(one, other, country)
    assert listed_wrong - 1e-12 <= said.ratio <= 1 / listed_wrong + 1e-12
    assert said.ratio == _by(policy).ratio(one, other, country)


@lru_cache(maxsize=8)
def _by(policy: AppearanceConfig) -> AppearanceComparer:
    return AppearanceComparer(policy)


def test_a_worse_recogniser_says_less() -> None:
    seen, same = Vehicle(colour="white"), Vehicle(colour="red")
    found = [
        _by(AppearanceConfig(error_colour=error)).ratio(seen, same, "FR") for error in (0.05, 0.15, 0.3, 0.5)
    ]
    assert found == sorted(found) and found[0] < found[-1]
    found = [
        _by(AppearanceConfig(error_colour=error)).ratio(same, same, "FR") for error in (0.05, 0.15, 0.3, 0.5)
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
def test_over_the_other_vehicles_of_the_fleet_the_mean_is_no_more_than_one(
    country: str, listed: Vehicle
) -> None:
    """With every vehicle seen through the recogniser of the policy: looks by themselves make no hits."""
    policy, fleet = AppearanceConfig(), DATA.fleets[country]
    by_type = [
        DATA.confusion_matrix("type", policy.error_type),
        fleet.makes @ DATA.confusion_matrix("make", policy.error_make),
        fleet.colours @ DATA.confusion_matrix("colour", policy.error_colour),
    ]
    chances = np.einsum("t,ta,tm,tc->amc", fleet.types, *by_type)
    assert chances.sum() == pytest.approx(1)
    ratios = np.array(
        [
            [[looks().ratio(Vehicle(make, None, colour, type_), listed, country) for colour in COLOURS]
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
def test_the_error_rate_is_that_of_the_fleet(what: Attribute) -> None:
    fleet = DATA.fleets[""]
    shares = fleet.types @ (fleet.colours if what == "colour" else fleet.makes)
    wrong = 1 - np.diag(DATA.confusion_matrix(what, 0.1))
    assert float(shares @ wrong) == pytest.approx(0.1, rel=0.1)


@pytest.mark.parametrize("what", ["type", "make", "colour"])
@pytest.mark.parametrize("error", [0.001, 0.05, 0.5])
def test_every_misread_is_possible_and_all_add_up(what: Attribute, error: float) -> None:
    table = DATA.confusion_matrix(what, error)
    assert (table > 0).all()
    assert table.sum(axis=1) == pytest.approx(1)
    for fleet in DATA.fleets.values():
        for shares in fleet:
            assert shares.sum(axis=-1) == pytest.approx(1)
            assert (shares >= 0).all()


def drawn(what: str, country: str, vehicle_types: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    fleet = DATA.fleets[country]
    table = {"make": fleet.makes, "colour": fleet.colours}[what]
    return (rng.random(len(vehicle_types))[:, None] > np.cumsum(table[vehicle_types], axis=1)).sum(axis=1)


def test_of_other_vehicles_a_tenth_is_left_at_nearly_the_same_recall() -> None:
    """Reads drawn from the fleet; misreads evenly to any other name, not as the model has them."""
    rng, count, fleet = np.random.default_rng(7), 4000, DATA.fleets["BE"]

    def vehicles_drawn() -> list[np.ndarray]:
        of = (rng.random(count)[:, None] > np.cumsum(fleet.types)).sum(axis=1)
        return [of, drawn("make", "BE", of, rng), drawn("colour", "BE", of, rng)]

    def seen(true: list[np.ndarray]) -> list[np.ndarray]:
        rates, sizes = (0.05, 0.05, 0.15), (len(TYPES), len(MAKES), len(COLOURS))
        return [
            np.where(rng.random(count) < rate, rng.integers(0, size, count), column)
            for column, rate, size in zip(true, rates, sizes, strict=True)
        ]

    def as_vehicles(columns: list[np.ndarray]) -> list[Vehicle]:
        return [Vehicle(MAKES[m], None, COLOURS[c], TYPES[t]) for t, m, c in zip(*columns, strict=True)]

    listed = vehicles_drawn()
    alerts = as_vehicles(listed)
    right = [
        looks().ratio(one, alert, "BE") for one, alert in zip(as_vehicles(seen(listed)), alerts, strict=True)
    ]
    others = as_vehicles(seen(vehicles_drawn()))
    wrong = [looks().ratio(one, alert, "BE") for one, alert in zip(others, alerts, strict=True)]
    threshold = np.quantile(right, 0.03)
    assert np.mean(np.array(wrong) >= threshold) < 0.1


# --- the data ------------------------------------------------------------------------------------------


def test_a_file_that_names_what_it_does_not_declare_is_refused() -> None:
    def of(**changed: object) -> AppearanceData:
        table: dict[str, object] = {
            "usual_confidence": 0.8,
            "model": {"error": 0.3, "share": 0.1, "unknown": []},
            "colour": [{"name": "red"}, {"name": "blue"}],
            "type": [{"name": "car"}, {"name": "van"}],
            "makes": {"words": {"Ford": [], "Fiat": []}, "alike": [], "within": 0.5},
            "fleet": [{"country": "", "types": {"car": 0.7}}],
        }
        return msgspec.convert(table | changed, AppearanceData)

    assert AppearanceModel(of()).fleets[""].types == pytest.approx([0.7, 0.3])
    with pytest.raises(ValueError, match="the name `bus` is not declared"):
        AppearanceModel(of(fleet=[{"country": "", "types": {"bus": 0.7}}]))
    with pytest.raises(ValueError, match="shares of more than 1"):
        AppearanceModel(of(fleet=[{"country": "", "types": {"car": 0.7, "van": 0.6}}]))
    with pytest.raises(ValueError, match="`Röd` is a word of two names"):
        AppearanceModel(of(colour=[{"name": "red", "words": ["rod"]}, {"name": "blue", "words": ["Röd"]}]))


def test_plain_words() -> None:
    assert [normalise_word(word) for word in ("Weiß", "CITROËN", "Land-Rover ", "Ｖ_Ｗ", "")] == [
        "weiss",
        "citroen",
        "landrover",
        "vw",
        "",
    ]
