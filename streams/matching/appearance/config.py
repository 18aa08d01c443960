"""Settings of the appearance of vehicles."""

from typing import Annotated

from msgspec import Meta, Struct

ErrorRate = Annotated[float, Meta(ge=0.001, le=0.5)]


class AppearanceConfig(Struct, frozen=True, forbid_unknown_fields=True):
    """Reliability of the appearance of vehicles; docs/concepts/appearance.md has the sources."""

    error_make: Annotated[
        ErrorRate,
        Meta(
            description="share of wrong makes among the makes read. Set it to the error rate of your "
            "recogniser; reads without a make do not count"
        ),
    ] = 0.05
    error_colour: Annotated[
        ErrorRate,
        Meta(
            description="share of colours read that differ from the listed colour, over day and night. Set "
            "it to the error rate of your recogniser; silver and grey are one colour"
        ),
    ] = 0.15
    error_type: Annotated[
        ErrorRate,
        Meta(
            description="share of wrong types among the vehicle types read. Set it to the error rate of your "
            "recogniser; confusions of car and SUV are accounted for separately"
        ),
    ] = 0.05
    listed_wrong: Annotated[
        float,
        Meta(
            ge=0.001,
            le=1,
            description="share of alerts whose description is not that of the vehicle carrying the plate "
            "(repainted, entered wrongly, plate on another vehicle). 1 leaves the appearance out of the "
            "posterior",
        ),
    ] = 0.02
