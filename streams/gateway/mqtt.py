"""MQTT: the events of Frigate, which sends to a broker and not to a server of HTTP.

A message is acknowledged to the broker when it is kept, as an event over HTTP is: with QoS 1 the broker sends
again what was not. The session is one that the broker keeps while the gateway is away.
"""

import asyncio
import logging
from collections.abc import Awaitable, Callable, Mapping
from typing import Any, Final

from paho.mqtt.client import Client, ConnectFlags, MQTTMessage
from paho.mqtt.enums import CallbackAPIVersion
from paho.mqtt.properties import Properties
from paho.mqtt.reasoncodes import ReasonCode

from streams.gateway.config import GatewayCameraConfig, GatewayConfig
from streams.gateway.event import Event
from streams.gateway.http.server import TlsError
from streams.gateway.vendors.frigate import find_camera_name
from streams.kafka.client import Secret

_log = logging.getLogger(__name__)
_TOPICS: Final = ("events", "tracked_object_update")
_KEEPALIVE_S: Final = 30
_EventHandler = Callable[[str, Event], Awaitable[bool]]


class Subscription:
    """Takes the events of cameras whose maker is `frigate` from a broker of MQTT.

    `take` is given the camera and its event, and says whether it is done with it; one that is not is not
    acknowledged. `now` tells the time in ms since 1970 UTC. Frigate's own name of a camera is its `device`,
    or else its id. Raises TlsError for a file of authorities that cannot be used.
    """

    def __init__(
        self,
        config: GatewayConfig,
        password: Secret | None,
        cameras: Mapping[str, GatewayCameraConfig],
        handle_event: _EventHandler,
        now_ms: Callable[[], int],
    ) -> None:
        self._config = config
        self._handle_event = handle_event
        self._now_ms = now_ms
        self._cameras = {
            camera.device or name: name for name, camera in cameras.items() if camera.maker == "frigate"
        }
        self._loop: asyncio.AbstractEventLoop | None = None
        self._stopping = False
        self.connected = False
        """Whether the broker is there."""
        client = Client(
            CallbackAPIVersion.VERSION2,
            client_id=config.mqtt_client,
            clean_session=False,
            manual_ack=True,
        )
        if config.mqtt_user is not None:
            client.username_pw_set(config.mqtt_user, password.reveal() if password is not None else None)
        if config.mqtt_ca_file is not None:
            try:
                client.tls_set(ca_certs=config.mqtt_ca_file)
            except OSError as error:  # ssl.SSLError is one
                why = error.strerror or error
                raise TlsError(
                    f"[gateway] mqtt_ca_file = {config.mqtt_ca_file!r} has no certificates: {why}"
                ) from error
        client.on_connect = self._on_connect
        client.on_disconnect = self._on_disconnect
        client.on_message = self._on_message
        self._client = client

    def start(self) -> None:
        """Begins, in a thread of the library; it goes on to try while the broker is away."""
        assert self._config.mqtt_host is not None
        self._loop = asyncio.get_running_loop()
        self._client.connect_async(self._config.mqtt_host, self._config.mqtt_port, _KEEPALIVE_S)
        self._client.loop_start()

    def stop(self) -> None:
        """Takes no more. What is not acknowledged comes again to the next gateway."""
        self._stopping = True
        self._client.disconnect()
        self._client.loop_stop()

    def _on_connect(
        self, client: Client, _: Any, flags: ConnectFlags, reason: ReasonCode, __: Properties | None
    ) -> None:
        if reason.is_failure:
            _log.error("MQTT at %s refuses: %s; see `mqtt_user`", self._config.mqtt_host, reason)
            return
        self.connected = True
        topics = [(f"{self._config.mqtt_prefix}/{name}", 1) for name in _TOPICS]
        client.subscribe(topics)
        _log.info("MQTT at %s is there%s", self._config.mqtt_host, "" if flags.session_present else " anew")

    def _on_disconnect(self, _: Client, __: Any, ___: Any, reason: ReasonCode, ____: Any) -> None:
        if self.connected and not self._stopping:
            _log.warning("MQTT at %s is gone: %s; it is tried again", self._config.mqtt_host, reason)
        self.connected = False

    def _on_message(self, client: Client, _: Any, message: MQTTMessage) -> None:
        event = Event(bytes(message.payload), self._now_ms(), "application/json", message.topic)
        name = find_camera_name(event)
        camera_id = self._cameras.get(name) if name is not None else None
        if camera_id is None:
            # A broker carries much that is of no camera of ours.
            client.ack(message.mid, message.qos)
            return
        assert self._loop is not None
        taken = asyncio.run_coroutine_threadsafe(self._accept(camera_id, event), self._loop)
        taken.add_done_callback(lambda done: self._acknowledge(client, message, done))

    async def _accept(self, camera_id: str, event: Event) -> bool:
        return await self._handle_event(camera_id, event)

    def _acknowledge(self, client: Client, message: MQTTMessage, done: Any) -> None:
        error = done.exception() if not done.cancelled() else None
        if error is not None:
            _log.error("an event over MQTT could not be taken: %s", type(error).__name__)
        elif not done.cancelled() and done.result():
            client.ack(message.mid, message.qos)
