"""What an operator sets about the looks of vehicles."""

from typing import Annotated

from msgspec import Meta, Struct

ErrorRate = Annotated[float, Meta(ge=0.001, le=0.5)]


class AppearanceConfig(Struct, frozen=True, forbid_unknown_fields=True):
    """Error rates of recognised appearance; see docs/concepts/appearance.md for the defaults' sources."""

    error_make: Annotated[
        ErrorRate, Meta(description="share of the makes read that are wrong; not read is not wrong")
    ] = 0.05
    error_colour: Annotated[
        ErrorRate,
        Meta(description="share of the colours read that are not as listed, day and night; silver is grey"),
    ] = 0.15
    error_type: Annotated[
        ErrorRate,
        Meta(description="share of the types read that are wrong; car and SUV are allowed for apart"),
    ] = 0.05
    listed_wrong: Annotated[
        float,
        Meta(
            ge=0.001,
            le=1,
            description="share of the alerts whose description is not that of the vehicle with the plate: "
            "repainted, wrongly entered, plate on another vehicle; with 1 looks are not weighed",
        ),
    ] = 0.02
