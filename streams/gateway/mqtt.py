"""MQTT: the events of Frigate, which sends to a broker instead of an HTTP server.

A message is acknowledged to the broker when its records are in the spool, as an event over HTTP is answered:
with QoS 1 the broker sends again what was not acknowledged. The broker keeps the session while the gateway is
away.
"""

import asyncio
import logging
from concurrent.futures import Future
from typing import Any, Final

from paho.mqtt.client import Client, ConnectFlags, MQTTMessage
from paho.mqtt.enums import CallbackAPIVersion
from paho.mqtt.properties import Properties
from paho.mqtt.reasoncodes import ReasonCode

from streams.gateway.context import GatewayContext
from streams.gateway.event import Event
from streams.gateway.intake import Intake
from streams.gateway.spool.spool import SpoolFullError
from streams.gateway.tls import ca_file_error
from streams.gateway.vendors.frigate import find_camera_name
from streams.runtime.secrets import Secret

_log = logging.getLogger(__name__)
_TOPICS: Final = ("events", "tracked_object_update")
_KEEPALIVE_S: Final = 30


class Subscription:
    """Receives the events of the cameras whose vendor is `frigate`, and hands them to the intake.

    Frigate's name of a camera is its `device` in the settings, or else its id. Raises TlsError for a file of
    authorities that cannot be used.
    """

    def __init__(self, context: GatewayContext, intake: Intake, password: Secret | None = None) -> None:
        self._config = context.config
        self._now_ms = context.now_ms
        self._intake = intake
        self._camera_ids = {
            camera.device or camera_id: camera_id
            for camera_id, camera in context.cameras.items()
            if camera.vendor == "frigate"
        }
        self._loop: asyncio.AbstractEventLoop | None = None
        self._stopping = False
        self.connected = False
        """True while the broker is connected."""
        self._client = self._build_client(password)

    def start(self) -> None:
        """Connect, in a thread of the client; it tries again while the broker is away."""
        assert self._config.mqtt_host is not None
        self._loop = asyncio.get_running_loop()
        self._client.connect_async(self._config.mqtt_host, self._config.mqtt_port, _KEEPALIVE_S)
        self._client.loop_start()

    def stop(self) -> None:
        """Disconnect. The broker sends the messages that are not acknowledged to the next gateway."""
        self._stopping = True
        self._client.disconnect()
        self._client.loop_stop()

    def _build_client(self, password: Secret | None) -> Client:
        config = self._config
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
                raise ca_file_error("mqtt_ca_file", config.mqtt_ca_file, error) from error
        client.on_connect = self._on_connect
        client.on_disconnect = self._on_disconnect
        client.on_message = self._on_message
        return client

    def _on_connect(
        self, client: Client, _: Any, flags: ConnectFlags, reason: ReasonCode, __: Properties | None
    ) -> None:
        host = self._config.mqtt_host
        if reason.is_failure:
            _log.error("MQTT broker %s refused the connection: %s; see [gateway] mqtt_user", host, reason)
            return
        self.connected = True
        client.subscribe([(f"{self._config.mqtt_prefix}/{name}", 1) for name in _TOPICS])
        session = "session resumed" if flags.session_present else "new session"
        _log.info("MQTT broker %s connected, %s", host, session)

    def _on_disconnect(self, _: Client, __: Any, ___: Any, reason: ReasonCode, ____: Any) -> None:
        if self.connected and not self._stopping:
            _log.warning("MQTT broker %s disconnected: %s; reconnecting", self._config.mqtt_host, reason)
        self.connected = False

    def _on_message(self, client: Client, _: Any, message: MQTTMessage) -> None:
        event = Event(bytes(message.payload), self._now_ms(), "application/json", message.topic)
        name = find_camera_name(event)
        camera_id = self._camera_ids.get(name) if name is not None else None
        if camera_id is None:
            # A broker carries many messages of cameras that are not in the settings.
            client.ack(message.mid, message.qos)
            return
        assert self._loop is not None
        stored = asyncio.run_coroutine_threadsafe(self._accept(camera_id, event), self._loop)
        stored.add_done_callback(lambda done: self._acknowledge(client, message, done))

    async def _accept(self, camera_id: str, event: Event) -> bool:
        """Store an event; return False if the spool has no room."""
        try:
            await self._intake.accept(camera_id, event)
        except SpoolFullError:
            return False
        return True

    def _acknowledge(self, client: Client, message: MQTTMessage, stored: "Future[bool]") -> None:
        error = stored.exception() if not stored.cancelled() else None
        if error is not None:
            _log.error("an event over MQTT could not be stored: %s", type(error).__name__)
        elif not stored.cancelled() and stored.result():
            client.ack(message.mid, message.qos)
