"""Rates of the simulation, such as missed passages. They are shares from 0 to 1 unless stated otherwise."""

from typing import NamedTuple


class QualityMix(NamedTuple):
    """Share of the pictures of each quality; the shares add up to 1."""

    clear: float = 0.7
    medium: float = 0.2
    poor: float = 0.1


class Rates(NamedTuple):
    """Properties of traffic and cameras. All are guesses. How plates are misread is measured."""

    mix: QualityMix = QualityMix()
    listed: float = 0.002
    """Share of the vehicles on the road that are listed; as in the first joint operation at Tournai."""
    round_trips_per_day: float = 1.25
    """Round trips per day of a vehicle that is on the road at all."""
    clones: float = 0.0
    """Share of the vehicles on the road with the plate of another vehicle that is also on the road."""
    missed: float = 0.03
    """Share of the passages at a camera that it does not read."""
    late: float = 0.02
    """Share of time in which a camera's link is down; the camera sends its stored reads afterwards."""
    clock_wrong: float = 0.05
    """Share of the cameras whose clock is not synchronised."""
    clock_error_s: float = 120.0
    """Maximum error of a clock that is not synchronised, in seconds."""
    no_country: float = 0.1
    """Share of the reads without a country."""
    wrong_country: float = 0.01
    """Share of the reads with a country in which it is wrong."""
    no_appearance: float = 0.2
    """Share of the reads without the vehicle's appearance."""
    wrong_make: float = 0.08
    """Share of the reads with an appearance in which the make is wrong; the next two likewise."""
    wrong_colour: float = 0.12
    wrong_type: float = 0.03
    appearance_listed: float = 0.7
    """Share of the alerts that describe the vehicle's appearance."""
