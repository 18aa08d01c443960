"""The events of one body of Dahua's event stream, and the pictures between them."""

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
    """An event: its code and action, empty if it tells none, and its data, None if there are none."""

    code: str
    action: str
    data: dict[str, Any] | None


def parse_blocks(event: Event) -> tuple[list[Block | EventError], list[Picture]]:
    """The events of a body in their order, one that is damaged as the error that it is, and the pictures.

    A stream has no end, so the last part needs no closing boundary. Raises EventError for a body that has no
    event, or more than 256.
    """
    body = event.body.strip(_BLANK)
    blocks: list[Block | EventError] = []
    pictures: list[Picture] = []
    if body[:1] in (b"{", b"["):
        blocks += _blocks_from_json(body)
    else:
        for content in _split_parts(event, body, pictures):
            texts = [text.strip(_BLANK) for text in _split_events(content)]
            for text in texts:
                blocks += (
                    _blocks_from_lines(text)
                    if text.startswith(b"Events[")
                    else [_block_from_text(text)]
                    if text
                    else []
                )
    if not blocks:
        raise event_error(
            "form", "", "has an event, as Code=TrafficJunction;…;data={…}", f"{len(body)} bytes"
        )
    if len(blocks) > _MAX_BLOCKS:
        raise event_error("size", "", f"has at most {_MAX_BLOCKS} events", f"{len(blocks)} of them")
    return blocks, pictures


def _split_parts(event: Event, body: bytes, pictures: list[Picture]) -> list[bytes]:
    """The parts of text; those that are pictures are put to the others."""
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
        kind = _CONTENT_TYPE.search(headers[0]) if headers else None
        media = kind[1].strip().decode("latin-1").lower() if kind else ""
        if media.startswith("image/"):
            pictures.append(Picture(f"picture-{len(pictures)}", media, content.rstrip(b"\r\n")))
        else:
            texts.append(content)
    return texts


def _split_events(content: bytes) -> list[bytes]:
    """The events in a text, each of which begins a line."""
    first, *others = (b"\n" + content).split(b"\n" + _EVENT_START)
    return [first, *(_EVENT_START + each for each in others)]


def _block_from_text(text: bytes) -> Block | EventError:
    if text.lower() == b"heartbeat":
        return Block("Heartbeat", "", None)
    if text[:1] == b"{":
        found = _blocks_from_json(text)
        return found[0] if found else Block("", "", None)
    head, _, data = text.partition(b"data=")
    match = _EVENT_HEAD.match(head)
    if match is None:
        rule = "begins as Code=TrafficJunction;action=Pulse;index=0;data={"
        return event_error("form", "", rule, f"{len(text)} bytes")
    try:
        value = orjson.loads(data) if data else None
    except orjson.JSONDecodeError:
        return event_error(
            "form", "data", "is a JSON object, and is damaged or cut off", f"{len(data)} bytes"
        )
    if value is not None and not isinstance(value, dict):
        return event_error("form", "data", "is a JSON object")
    code, action = match[1].decode("utf-8", "replace"), (match[2] or b"").decode("utf-8", "replace")
    return Block(code.strip(), action.strip(), value)


def _blocks_from_lines(text: bytes) -> list[Block | EventError]:
    """The events of lines such as `Events[0].TrafficCar.PlateNumber=...`, as `snapManager` gives them."""
    events: dict[str, dict[str, Any]] = {}
    for line in text.decode("utf-8", "replace").splitlines():
        found = _LINE.match(line)
        if found is None:
            continue
        holder = events.setdefault(found[1], {})
        *path, last = _NAME.findall(found[2]) or [found[2]]
        for name in path:
            inner = holder.setdefault(name, {})
            if not isinstance(inner, dict):
                break
            holder = inner
        else:
            holder[last] = found[3].strip()
    return [_block_from_value(_restore_lists(value)) for value in events.values()]


def _restore_lists(value: Any) -> Any:
    """The same with lists for what has numbers for names."""
    if not isinstance(value, dict):
        return value
    inner = {name: _restore_lists(each) for name, each in value.items()}
    return list(inner.values()) if inner and all(name.isdigit() for name in inner) else inner


def _blocks_from_json(body: bytes) -> list[Block | EventError]:
    """The events of JSON: one, a list of them, or those of a message `client.notifyEventStream`."""
    try:
        value = orjson.loads(body)
    except orjson.JSONDecodeError as error:
        return [event_error("form", "", f"is JSON ({error.msg})", f"{len(body)} bytes")]
    if isinstance(value, dict) and isinstance(value.get("params"), dict):
        value = value["params"].get("eventList")
    return [_block_from_value(each) for each in (value if isinstance(value, list) else [value])]


def _block_from_value(value: Any) -> Block | EventError:
    if not isinstance(value, dict):
        return event_error("form", "", "is a JSON object")
    data = value.get("Data", value.get("data", value))
    if data is not None and not isinstance(data, dict):
        return event_error("form", "Data", "is a JSON object")
    code, action = value.get("Code", value.get("code")), value.get("Action", value.get("action"))
    return Block(code if isinstance(code, str) else "", action if isinstance(action, str) else "", data)
