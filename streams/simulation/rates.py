"""Rates: how often what goes wrong does. All are shares from 0 to 1 if not said otherwise."""

from typing import NamedTuple


class QualityMix(NamedTuple):
    """How many pictures are of which quality; they add up to 1."""

    clear: float = 0.7
    medium: float = 0.2
    poor: float = 0.1


class Rates(NamedTuple):
    """What traffic and cameras are like. Guesses, all of them, but for how plates are misread."""

    mix: QualityMix = QualityMix()
    listed: float = 0.002
    """Of the vehicles on the road, those listed; as many as in the first joint operation at Tournai."""
    round_trips_per_day: float = 1.25
    """How often a vehicle that is on the road at all goes out and comes back in a day."""
    clones: float = 0.0
    """Of the vehicles on the road, those that carry the plate of another one that is on the road too."""
    missed: float = 0.03
    """Of the passages at a camera, those that it does not read."""
    late: float = 0.02
    """Of its time, that in which a camera's link is down; it sends what it kept when the link is back."""
    clock_wrong: float = 0.05
    """Of the cameras, those whose clock is not set."""
    clock_error_s: float = 120.0
    """The most that a clock which is not set is off, in seconds."""
    no_country: float = 0.1
    """Of the reads, those in which the recogniser did not tell the country."""
    wrong_country: float = 0.01
    """Of the reads in which it did, those in which it is another one."""
    no_appearance: float = 0.2
    """Of the reads, those in which the recogniser did not tell the vehicle's looks."""
    wrong_make: float = 0.08
    """Of the reads with looks, those with another make; the next two likewise."""
    wrong_colour: float = 0.12
    wrong_type: float = 0.03
    appearance_listed: float = 0.7
    """Of the alerts, those that say what the vehicle looks like."""
