"""What an operator sets about the gateway and, for each camera, about what it sends."""

from typing import Annotated, Final, Literal
from zoneinfo import ZoneInfo

from msgspec import Meta, Struct

from streams.gateway.event import CameraSource, Vendor
from streams.network.config import CameraConfig as Placed
from streams.records.types import ShortText

MQTT_PASSWORD_VARIABLE: Final = "ANPR_MQTT_PASSWORD"
AuthMethod = Literal["basic", "digest", "bearer", "certificate"]
NonEmptyText = Annotated[str, Meta(min_length=1, max_length=1000)]


class GatewayConfig(Struct, frozen=True, forbid_unknown_fields=True):
    """`[gateway]`: where it listens, and what it keeps until Kafka has it."""

    host: Annotated[NonEmptyText, Meta(description="address to listen on; 0.0.0.0 is every one")] = (
        "127.0.0.1"
    )
    port: Annotated[int, Meta(ge=0, le=65535, description="port to listen on; 0 takes a free one")] = 8080
    cert_file: Annotated[
        NonEmptyText | None,
        Meta(description="PEM file of the server's certificate, its chain behind it; without, no TLS"),
    ] = None
    key_file: Annotated[NonEmptyText | None, Meta(description="PEM file of that certificate's key")] = None
    client_ca_file: Annotated[
        NonEmptyText | None, Meta(description="PEM file of the authorities of the cameras' certificates")
    ] = None
    spool: Annotated[
        NonEmptyText,
        Meta(description="file in which reads are kept until Kafka has them, on a disk of this machine"),
    ] = "anpr-gateway.spool"
    spool_mb: Annotated[
        int,
        Meta(ge=1, le=1_000_000, description="largest size of that file in MB; events above it get a 503"),
    ] = 4096
    spool_hours: Annotated[
        float, Meta(gt=0, le=8784, description="hours after which a read that Kafka did not take is given up")
    ] = 48.0
    late_after_s: Annotated[
        float,
        Meta(
            ge=0,
            le=86400,
            description="seconds from the capture of a read to its sending after which it is marked as "
            "retransmitted, so that nobody is dispatched for it",
        ),
    ] = 300.0
    event_mb: Annotated[
        float, Meta(gt=0, le=64, description="largest event in MB, its pictures included")
    ] = 8.0
    event_s: Annotated[
        float, Meta(gt=0, le=600, description="longest time in seconds in which an event must have come")
    ] = 20.0
    pictures: Annotated[
        NonEmptyText | None,
        Meta(description="folder in which pictures are stored; without it they are dropped"),
    ] = None
    mqtt_host: Annotated[
        NonEmptyText | None,
        Meta(description="broker of MQTT to which Frigate sends; without it, none is asked"),
    ] = None
    mqtt_port: Annotated[int, Meta(ge=1, le=65535, description="its port")] = 1883
    mqtt_client: Annotated[
        ShortText, Meta(description="how this gateway names itself there; another for each gateway")
    ] = "anpr-gateway"
    mqtt_user: Annotated[NonEmptyText | None, Meta(description="user's name there; without it, no login")] = (
        None
    )
    mqtt_password_file: Annotated[
        NonEmptyText | None,
        Meta(
            description=(
                f"file with that user's password; the environment's {MQTT_PASSWORD_VARIABLE} goes before it"
            )
        ),
    ] = None
    mqtt_ca_file: Annotated[
        NonEmptyText | None, Meta(description="PEM file of its authorities; without it, no TLS")
    ] = None
    mqtt_prefix: Annotated[
        ShortText, Meta(description="first part of the topics, as Frigate's `topic_prefix`")
    ] = "frigate"


class GatewayCameraConfig(Placed, frozen=True, forbid_unknown_fields=True):
    """`[cameras.<id>]`: a camera, where it looks, and how it speaks to the gateway."""

    maker: Annotated[Vendor | None, Meta(description="whose events it sends; without it, it sends none")] = (
        None
    )
    zone: Annotated[
        ShortText | None,
        Meta(
            description="zone of its clock, for example Europe/Brussels, where its times are local; without "
            "it, what it says of its zone holds, else UTC"
        ),
    ] = None
    device: Annotated[
        ShortText | None,
        Meta(description="how it names itself in its events; others it is not allowed to send"),
    ] = None
    auth: Annotated[AuthMethod, Meta(description="how it proves who it is")] = "basic"
    user: Annotated[
        ShortText | None, Meta(description="its user's name, or that of its certificate; without it, its id")
    ] = None
    secret_file: Annotated[
        NonEmptyText | None,
        Meta(
            description="file with its password or token, not for certificate; the environment's "
            "ANPR_CAMERA_<ID> goes before it, the id in capitals with _ for other characters than A-Z 0-9"
        ),
    ] = None
    events_per_s: Annotated[
        float, Meta(gt=0, le=10000, description="events a second above which it gets a 429")
    ] = 50.0
    event_mb: Annotated[
        Annotated[float, Meta(gt=0, le=64)] | None,
        Meta(description="its largest event in MB; without it, that of [gateway]"),
    ] = None


def build_camera_source(camera_id: str, camera: GatewayCameraConfig) -> CameraSource:
    """A camera as its events are read."""
    return CameraSource(camera_id, ZoneInfo(camera.zone) if camera.zone else None, camera.device)
