"""Splitting a body of Dahua's event stream into its events and the pictures between them."""

import re
from typing import Any, Final, NamedTuple

import orjson
from python_multipart.multipart import parse_options_header

from streams.gateway.event import Event, EventError, Picture, event_error
from streams.gateway.multipart import find_boundary

_BLANK: Final = b"\xef\xbb\xbf \t\r\n\0"
_HEADERS: Final = re.compile(rb"\A(?:[A-Za-z][A-Za-z0-9-]*:[^\n]*\n)+\r?\n")
_CONTENT_TYPE: Final = re.compile(rb"(?im)^content-type:[ \t]*([^;\r\n]*)")
_EVENT_START: Final = b"Code="
_EVENT_HEAD: Final = re.compile(
    rb"Code=([^;\r\n]*)(?:;\s*action=([^;\r\n]*))?(?:;\s*index=[^;\r\n]*)?;?\s*\Z", re.IGNORECASE
)
_LINE: Final = re.compile(r"Events\[([0-9]{1,3})\]\.([A-Za-z0-9_.\[\]]{1,200})=(.*)")
_NAME: Final = re.compile(r"[A-Za-z0-9_]+")
_MAX_BLOCKS: Final = 256


class Block(NamedTuple):
    """An event: its code and action, empty if it has none, and its data, None if it has none."""

    code: str
    action: str
    data: dict[str, Any] | None


def parse_blocks(event: Event) -> tuple[list[Block | EventError], list[Picture]]:
    """Return the events of a body in their order, a damaged one as its error, and the pictures.

    A stream has no end, so the last part needs no closing boundary. Raises EventError for a body without an
    event, or with more than 256.
    """
    body = event.body.strip(_BLANK)
    blocks: list[Block | EventError] = []
    pictures: list[Picture] = []
    if body[:1] in (b"{", b"["):
        blocks += _blocks_from_json(body)
    else:
        for content in _split_parts(event, body, pictures):
            for text in (text.strip(_BLANK) for text in _split_events(content)):
                if text.startswith(b"Events["):
                    blocks += _blocks_from_lines(text)
                elif text:
                    blocks.append(_block_from_text(text))
    if not blocks:
        rule = "must have an event, such as Code=TrafficJunction;…;data={…}"
        raise event_error("form", "", rule, f"{len(body)} bytes")
    if len(blocks) > _MAX_BLOCKS:
        raise event_error("size", "", f"must have at most {_MAX_BLOCKS} events", f"{len(blocks)} events")
    return blocks, pictures


def _split_parts(event: Event, body: bytes, pictures: list[Picture]) -> list[bytes]:
    """Return the parts with text, and append those that are pictures to `pictures`."""
    boundary = find_boundary(body)
    if boundary is None:
        _, options = parse_options_header(event.content_type)
        boundary = options.get(b"boundary", b"").decode("latin-1")
    parts = [body]
    if boundary:
        parts = [
            part.removeprefix(b"--").lstrip(b" \t\r\n")
            for part in (b"\n" + body).split(b"\n--" + boundary.encode("latin-1"))
        ]
    texts = []
    for part in parts:
        headers = _HEADERS.match(part)
        content = part[headers.end() :] if headers else part
        match = _CONTENT_TYPE.search(headers[0]) if headers else None
        media_type = match[1].strip().decode("latin-1").lower() if match else ""
        if media_type.startswith("image/"):
            pictures.append(Picture(f"picture-{len(pictures)}", media_type, content.rstrip(b"\r\n")))
        else:
            texts.append(content)
    return texts


def _split_events(content: bytes) -> list[bytes]:
    """Return the events in a text, each of which starts a line."""
    first, *rest = (b"\n" + content).split(b"\n" + _EVENT_START)
    return [first, *(_EVENT_START + text for text in rest)]


def _block_from_text(text: bytes) -> Block | EventError:
    if text.lower() == b"heartbeat":
        return Block("Heartbeat", "", None)
    if text[:1] == b"{":
        blocks = _blocks_from_json(text)
        return blocks[0] if blocks else Block("", "", None)
    head, _, data = text.partition(b"data=")
    match = _EVENT_HEAD.match(head)
    if match is None:
        rule = "must begin with Code=TrafficJunction;action=Pulse;index=0;data={"
        return event_error("form", "", rule, f"{len(text)} bytes")
    try:
        value = orjson.loads(data) if data else None
    except orjson.JSONDecodeError:
        rule = "must be a JSON object (it is damaged or truncated)"
        return event_error("form", "data", rule, f"{len(data)} bytes")
    if value is not None and not isinstance(value, dict):
        return event_error("form", "data", "must be a JSON object")
    code, action = match[1].decode("utf-8", "replace"), (match[2] or b"").decode("utf-8", "replace")
    return Block(code.strip(), action.strip(), value)


def _blocks_from_lines(text: bytes) -> list[Block | EventError]:
    """Return the events of lines such as `Events[0].TrafficCar.PlateNumber=...`, as `snapManager` sends
    them."""
    events: dict[str, dict[str, Any]] = {}
    for line in text.decode("utf-8", "replace").splitlines():
        match = _LINE.match(line)
        if match is None:
            continue
        fields = events.setdefault(match[1], {})
        *path, last_name = _NAME.findall(match[2]) or [match[2]]
        for name in path:
            child = fields.setdefault(name, {})
            if not isinstance(child, dict):
                break
            fields = child
        else:
            fields[last_name] = match[3].strip()
    return [_block_from_value(_restore_lists(value)) for value in events.values()]


def _restore_lists(value: Any) -> Any:
    """Return a value with lists in place of the objects whose names are all numbers."""
    if not isinstance(value, dict):
        return value
    fields = {name: _restore_lists(child) for name, child in value.items()}
    return list(fields.values()) if fields and all(name.isdigit() for name in fields) else fields


def _blocks_from_json(body: bytes) -> list[Block | EventError]:
    """Return the events of JSON: one, a list, or those of a message `client.notifyEventStream`."""
    try:
        value = orjson.loads(body)
    except orjson.JSONDecodeError as error:
        return [event_error("form", "", f"must be JSON ({error.msg})", f"{len(body)} bytes")]
    if isinstance(value, dict) and isinstance(value.get("params"), dict):
        value = value["params"].get("eventList")
    return [_block_from_value(entry) for entry in (value if isinstance(value, list) else [value])]


def _block_from_value(value: Any) -> Block | EventError:
    if not isinstance(value, dict):
        return event_error("form", "", "must be a JSON object")
    data = value.get("Data", value.get("data", value))
    if data is not None and not isinstance(data, dict):
        return event_error("form", "Data", "must be a JSON object")
    code, action = value.get("Code", value.get("code")), value.get("Action", value.get("action"))
    return Block(code if isinstance(code, str) else "", action if isinstance(action, str) else "", data)
