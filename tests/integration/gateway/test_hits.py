"""From each maker's camera over HTTP to its hit: gateway, Kafka, worker and `anpr hits tail`, all real."""

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
from tests.support.processes import COMMAND, WorkerProcess, wait_until
from tests.support.vendor_samples import BRUSSELS, load_sample
from tests.support.vendor_samples import SAMPLES_FOLDER as SAMPLES

FORM = "multipart/form-data; boundary=boundary"


class Sent(NamedTuple):
    """A camera's event, and the read it becomes."""

    maker: str
    body: bytes
    content_type: str
    read: Read


def of_maker(maker: str) -> Sent:
    """The first sample of a maker that becomes a read with a country, which Frigate never tells."""
    if maker == "read":
        body = b'{"read_id":"e1","captured_at":"2026-05-21T16:10:06Z","plate":"1-XYZ-789","country":"BE"}'
        return Sent(
            maker, body, "", Read("e1", "c-read", parse_time("2026-05-21T16:10:06Z"), "1-XYZ-789", "BE")
        )
    folder = SAMPLES / maker.replace("-", "_")
    for path in sorted(folder.iterdir()):
        event = load_sample(f"{folder.name}/{path.name}")
        taken = PARSERS[maker](event, BRUSSELS)  # type: ignore[index]
        if taken.reads and (taken.reads[0].country or maker == "frigate") and not taken.errors:
            return Sent(maker, event.body, event.content_type, taken.reads[0])
    raise AssertionError(f"no sample of {maker} becomes a read")


def test_an_event_of_each_maker_becomes_a_hit(kafka: Cluster, tmp_path: Path) -> None:
    sent = [of_maker(maker) for maker in PARSERS]
    stage = KafkaEnvironment(tmp_path, kafka.servers)
    ours = stage.create_product_topics("gateway-hits")
    producer = KafkaProducer(bootstrap_servers=kafka.servers.split(","))
    for number, each in enumerate(sent):
        listed = an_alert(each.read.plate, each.read.country, alert_id=f"a{number}")
        producer.send(ours.alerts, key=f"sis/a{number}".encode(), value=encode(listed))
    producer.flush()
    producer.close()
    port, mqtt_port = free_port(), free_port()
    makers = {_camera(each.maker): each.maker for each in sent}
    mqtt = f'mqtt_host = "127.0.0.1"\nmqtt_port = {mqtt_port}'
    config = write_gateway_config(stage, ours, port, makers, mqtt)
    worker = WorkerProcess(ours.write_worker_config("gateway-hits", "state"), tmp_path / "worker.log")
    gateway = GatewayProcess(config, tmp_path / "gateway.log")
    with ExitStack() as stack:
        stack.callback(worker.close)
        stack.callback(gateway.close)
        stack.enter_context(running_broker(mqtt_port))
        worker.wait_ready()
        gateway.wait_ready()
        for each in sent:
            if each.maker == "frigate":
                wait_until(lambda: _subscribed(port), 30, "the gateway has subscribed")
                topic = "events" if b'"after"' in each.body else "tracked_object_update"
                publish_message(mqtt_port, f"frigate/{topic}", each.body)
                continue
            login = b64encode(f"{_camera(each.maker)}:{SECRET}".encode()).decode()
            headers = {"Authorization": f"Basic {login}", "Content-Type": each.content_type or "text/plain"}
            request = urllib.request.Request(f"http://127.0.0.1:{port}/", each.body, headers)
            with urllib.request.urlopen(request, timeout=20) as answer:
                assert answer.status == 200, each.maker
        wanted = {(_camera(each.maker), f"a{number}") for number, each in enumerate(sent)}
        wait_until(lambda: wanted <= _hits(config), 60, f"hits of {len(wanted)} makers")
        gateway.stop_gracefully()
        worker.stop_gracefully()


def _camera(maker: str) -> str:
    """The id of a maker's camera; that of Frigate is its own name for it."""
    return "gate" if maker == "frigate" else f"c-{maker}"


def _hits(config: Path) -> set[tuple[str, str]]:
    """The camera and the alert of each hit that is shown."""
    command = [COMMAND, "hits", "tail", "--from-start", "--until-end", "--json", "--config", str(config)]
    shown = subprocess.run(command, capture_output=True, check=True, text=True).stdout
    hits = map(json.loads, shown.splitlines())
    return {(hit["read"]["camera_id"], hit["alert"]["alert_id"]) for hit in hits}


def _subscribed(port: int) -> bool:
    with urllib.request.urlopen(f"http://127.0.0.1:{port}/health/ready", timeout=20) as answer:
        return bool(json.load(answer)["mqtt"]["reached"])
