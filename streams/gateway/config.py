"""Settings of the gateway, and of the cameras that send to it."""

from typing import Annotated, Final, Literal
from zoneinfo import ZoneInfo

from msgspec import Meta, Struct, field

from streams.gateway.event import CameraSource, Vendor
from streams.network.config import CameraConfig
from streams.records.types import ShortText

MQTT_PASSWORD_VARIABLE: Final = "ANPR_MQTT_PASSWORD"
AuthMethod = Literal["basic", "digest", "bearer", "certificate"]
NonEmptyText = Annotated[str, Meta(min_length=1, max_length=1000)]


class GatewayConfig(Struct, frozen=True, forbid_unknown_fields=True):
    """`[gateway]`: where it listens, and how it stores reads until Kafka has them."""

    host: Annotated[NonEmptyText, Meta(description="address to listen on; 0.0.0.0 for all addresses")] = (
        "127.0.0.1"
    )
    port: Annotated[int, Meta(ge=0, le=65535, description="port to listen on; 0 for any free port")] = 8080
    cert_file: Annotated[
        NonEmptyText | None,
        Meta(description="PEM file with the server's certificate and its chain; without it, no TLS"),
    ] = None
    key_file: Annotated[
        NonEmptyText | None, Meta(description="PEM file with the key of that certificate")
    ] = None
    client_ca_file: Annotated[
        NonEmptyText | None, Meta(description="PEM file with the authorities of the cameras' certificates")
    ] = None
    spool: Annotated[
        NonEmptyText,
        Meta(description="file that stores reads until Kafka has them, on a local disk"),
    ] = "anpr-gateway.spool"
    spool_mb: Annotated[
        int,
        Meta(
            ge=1,
            le=1_000_000,
            description="largest size of that file in MB; at that size, events are answered 503",
        ),
    ] = 4096
    spool_hours: Annotated[
        float, Meta(gt=0, le=8784, description="hours after which an undelivered read is deleted")
    ] = 48.0
    late_after_s: Annotated[
        float,
        Meta(
            ge=0,
            le=86400,
            description="seconds between the capture of a read and its delivery after which it is marked as "
            "retransmitted, so that nobody is dispatched for it",
        ),
    ] = 300.0
    event_mb: Annotated[
        float, Meta(gt=0, le=64, description="largest event in MB, including its pictures")
    ] = 8.0
    event_s: Annotated[
        float, Meta(gt=0, le=600, description="seconds within which an event must arrive in full")
    ] = 20.0
    pictures: Annotated[
        NonEmptyText | None,
        Meta(description="folder that stores pictures; without it, they are dropped"),
    ] = None
    mqtt_host: Annotated[
        NonEmptyText | None,
        Meta(description="host of the MQTT broker to which Frigate sends; without it, no MQTT"),
    ] = None
    mqtt_port: Annotated[int, Meta(ge=1, le=65535, description="port of the MQTT broker")] = 1883
    mqtt_client: Annotated[
        ShortText, Meta(description="client id at the MQTT broker, unique to this gateway")
    ] = "anpr-gateway"
    mqtt_user: Annotated[
        NonEmptyText | None, Meta(description="user name at the MQTT broker; without it, no login")
    ] = None
    mqtt_password_file: Annotated[
        NonEmptyText | None,
        Meta(
            description=(
                f"file with that user's password; {MQTT_PASSWORD_VARIABLE} in the environment takes "
                "precedence"
            )
        ),
    ] = None
    mqtt_ca_file: Annotated[
        NonEmptyText | None,
        Meta(
            description="PEM file with the authorities of the MQTT broker's certificate; without it, no TLS"
        ),
    ] = None
    mqtt_prefix: Annotated[
        ShortText, Meta(description="first part of the MQTT topics, as `topic_prefix` of Frigate")
    ] = "frigate"


class GatewayCameraConfig(CameraConfig, frozen=True, forbid_unknown_fields=True):
    """`[cameras.<id>]`: a camera, where it is, and how it sends to the gateway."""

    vendor: Annotated[
        Vendor | None, Meta(description="vendor whose events the camera sends; without it, it sends none")
    ] = field(default=None, name="maker")
    zone: Annotated[
        ShortText | None,
        Meta(
            description="time zone of its clock, such as Europe/Brussels, if its times are local; without "
            "it, times are read with their own offset, or else as UTC"
        ),
    ] = None
    device: Annotated[
        ShortText | None,
        Meta(description="name of the camera in its own events; events with another name are refused"),
    ] = None
    auth: Annotated[AuthMethod, Meta(description="how the camera authenticates")] = "basic"
    user: Annotated[
        ShortText | None,
        Meta(description="user name, or name in its certificate; without it, the camera's id"),
    ] = None
    secret_file: Annotated[
        NonEmptyText | None,
        Meta(
            description="file with its password or token, not for certificate; ANPR_CAMERA_<ID> in the "
            "environment takes precedence, with the id in capitals and _ for characters other than A-Z and "
            "0-9"
        ),
    ] = None
    events_per_s: Annotated[
        float, Meta(gt=0, le=10000, description="events per second above which it is answered 429")
    ] = 50.0
    event_mb: Annotated[
        Annotated[float, Meta(gt=0, le=64)] | None,
        Meta(description="largest event in MB; without it, `event_mb` of [gateway]"),
    ] = None


def build_camera_source(camera_id: str, camera: GatewayCameraConfig) -> CameraSource:
    """Return the source of a camera's events, as the parsers need it."""
    return CameraSource(camera_id, ZoneInfo(camera.zone) if camera.zone else None, camera.device)
