"""From an event of each vendor to its hit: gateway, Kafka, worker and `anpr hits tail`, all real."""

import json
import subprocess
import urllib.request
from base64 import b64encode
from contextlib import ExitStack
from pathlib import Path
from typing import NamedTuple

from kafka import KafkaProducer

from streams.gateway.vendors import PARSERS
from streams.kafka.dev_cluster import Cluster
from streams.records.encode import encode
from streams.records.read import Read
from streams.records.times import parse_time
from tests.support.builders import an_alert
from tests.support.cameras import SECRET, GatewayProcess, free_port, write_gateway_config
from tests.support.kafka import KafkaEnvironment
from tests.support.mqtt import publish_message, running_broker
from tests.support.processes import COMMAND, WorkerProcess
from tests.support.vendor_samples import BRUSSELS, load_sample
from tests.support.vendor_samples import SAMPLES_FOLDER as SAMPLES
from tests.support.waiting import HANG_LIMIT_S, wait_until


class VendorEvent(NamedTuple):
    """A camera's event, and its read."""

    vendor: str
    body: bytes
    content_type: str
    read: Read


def first_event_of(vendor: str) -> VendorEvent:
    """Return the first sample of a vendor that is a read with a country; Frigate's reads have none."""
    if vendor == "read":
        body = b'{"read_id":"e1","captured_at":"2026-05-21T16:10:06Z","plate":"1-XYZ-789","country":"BE"}'
        read = Read("e1", "c-read", parse_time("2026-05-21T16:10:06Z"), "1-XYZ-789", "BE")
        return VendorEvent(vendor, body, "", read)
    folder = SAMPLES / vendor.replace("-", "_")
    for path in sorted(folder.iterdir()):
        event = load_sample(f"{folder.name}/{path.name}")
        parsed = PARSERS[vendor](event, BRUSSELS)  # type: ignore[index]
        if parsed.reads and (parsed.reads[0].country or vendor == "frigate") and not parsed.errors:
            return VendorEvent(vendor, event.body, event.content_type, parsed.reads[0])
    raise AssertionError(f"no sample of {vendor} is a read")


def test_an_event_of_each_vendor_becomes_a_hit(kafka: Cluster, tmp_path: Path) -> None:
    events = [first_event_of(vendor) for vendor in PARSERS]
    environment = KafkaEnvironment(tmp_path, kafka.servers)
    topics = environment.create_product_topics("gateway-hits")
    producer = KafkaProducer(bootstrap_servers=kafka.servers.split(","))
    for index, event in enumerate(events):
        alert = an_alert(event.read.plate, event.read.country, alert_id=f"a{index}")
        producer.send(topics.alerts, key=f"sis/a{index}".encode(), value=encode(alert))
    producer.flush()
    producer.close()
    port, mqtt_port = free_port(), free_port()
    vendors = {_camera_id(event.vendor): event.vendor for event in events}
    mqtt = f'mqtt_host = "127.0.0.1"\nmqtt_port = {mqtt_port}'
    config = write_gateway_config(environment, topics, port, vendors, mqtt)
    worker_config = topics.write_worker_config("gateway-hits", "state")
    # The samples are months old; a worker rejects what is older than any retention.
    worker_config.write_text(worker_config.read_text("utf-8").replace(" = 24\n", " = 8784\n"), "utf-8")
    worker = WorkerProcess(worker_config, tmp_path / "worker.log")
    gateway = GatewayProcess(config, tmp_path / "gateway.log")
    with ExitStack() as stack:
        stack.callback(worker.close)
        stack.callback(gateway.close)
        stack.enter_context(running_broker(mqtt_port))
        worker.wait_ready()
        gateway.wait_ready()
        for event in events:
            if event.vendor == "frigate":
                wait_until(lambda: _subscribed(port), "the gateway has subscribed")
                topic = "events" if b'"after"' in event.body else "tracked_object_update"
                publish_message(mqtt_port, f"frigate/{topic}", event.body)
                continue
            login = b64encode(f"{_camera_id(event.vendor)}:{SECRET}".encode()).decode()
            headers = {"Authorization": f"Basic {login}", "Content-Type": event.content_type or "text/plain"}
            request = urllib.request.Request(f"http://127.0.0.1:{port}/", event.body, headers)
            with urllib.request.urlopen(request, timeout=HANG_LIMIT_S) as response:
                assert response.status == 200, event.vendor
        expected = {(_camera_id(event.vendor), f"a{index}") for index, event in enumerate(events)}
        wait_until(lambda: expected <= _hits(config), f"hits of {len(expected)} vendors")
        gateway.stop_gracefully()
        worker.stop_gracefully()


def _camera_id(vendor: str) -> str:
    """Return the id of a vendor's camera; that of Frigate is Frigate's name for it."""
    return "gate" if vendor == "frigate" else f"c-{vendor}"


def _hits(config: Path) -> set[tuple[str, str]]:
    """Return the camera and the alert of each hit."""
    command = [COMMAND, "hits", "tail", "--from-start", "--until-end", "--json", "--config", str(config)]
    output = subprocess.run(command, capture_output=True, check=True, text=True).stdout
    hits = map(json.loads, output.splitlines())
    return {(hit["read"]["camera_id"], hit["alert"]["alert_id"]) for hit in hits}


def _subscribed(port: int) -> bool:
    with urllib.request.urlopen(f"http://127.0.0.1:{port}/health/ready", timeout=HANG_LIMIT_S) as response:
        return bool(json.load(response)["mqtt"]["reached"])
