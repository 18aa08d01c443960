"""The same documents, put wrong somewhere: what a sender may get wrong, and what only looks wrong."""

import copy
from collections.abc import Callable
from typing import Any, Final

from hypothesis import strategies as st

from streams.plates.normal_form import SEPARATORS
from tests.support.record_documents import Document, text

odd_plates = st.sampled_from(
    [
        "",
        " ",
        " - ",
        "?",
        "*-*",
        "A?",
        "A" * 12,
        "A" * 13,
        "Ä" * 12,
        "A\u0308" * 10,
        "A" + "-" * 19,
        "A" + "-" * 20,
        "ΑΒΓ",
        "АВС",
        "É1",
        "ß1",
        "ı1",
        "ſ1",
        "ﬁ1",
        "\u212a1",  # Kelvin, which composes to K
        "A\u03871",  # the Greek ano teleia, which composes to a middle dot
        "\u0308A",
        "A\u0308\u0308",
        "A-\u0308",
        "E\u0308",
        "A\u0308\u0304",
        "A\n",
        "A\nB",
        "\nA",
        "A\r",
        "A\u2028",
        "A,B",
        "A\x00",
        "A\u200bB",
        "ＡＢ",
        "١٢٣",
    ]
) | st.text(st.sampled_from(f"{SEPARATORS}AbÄ1?*ßı\u0308\u00e9\n"), max_size=21)

odd_times = st.sampled_from(
    [
        "2026-05-21T24:00:00Z",
        "2026-05-21T23:60:00Z",
        "2016-12-31T23:59:60Z",
        "2026-02-30T10:00:00Z",
        "2025-02-29T10:00:00Z",
        "2024-02-29T10:00:00Z",
        "2000-02-29T10:00:00Z",
        "2026-04-31T10:00:00Z",
        "2026-13-01T10:00:00Z",
        "2026-00-01T10:00:00Z",
        "2026-05-00T10:00:00Z",
        "2026-05-32T10:00:00Z",
        "9999-12-31T23:59:59Z",
        "9999-12-31T23:59:59-10:00",
        "0001-01-01T00:00:00+10:00",
        "0000-01-01T00:00:00Z",
        "10000-01-01T00:00:00Z",
        "1999-12-31T23:59:59Z",
        "1999-12-31T23:59:59-02:00",
        "2000-01-01T00:00:00Z",
        "2000-01-01T01:59:59+02:00",
        "2000-01-01T02:00:00+02:00",
        "2099-12-31T23:59:59.999Z",
        "2099-12-31T23:59:59.9999999Z",
        "2099-12-31T23:59:59-00:01",
        "2099-12-31T23:59:59+00:01",
        "2100-01-01T00:00:00Z",
        "2100-01-01T00:00:00+02:00",
        "2026-05-21T10:00:00",
        "2026-05-21T10:00Z",
        "2026-05-21T10Z",
        "2026-05-21",
        "2026-05-21T10:00:00.Z",
        "2026-05-21T10:00:00,5Z",
        "2026-05-21T10:00:00+02",
        "2026-05-21T10:00:00+24:00",
        "2026-05-21T10:00:00+02:60",
        "2026-05-21T10:00:00+2:00",
        "2026-05-21T10:00:00 Z",
        "2026-05-21T10:00:00ZZ",
        "2026-05-21T10:00:00Z\n",
        " 2026-05-21T10:00:00Z",
        "2026-05-21_10:00:00Z",
        "2026-05-21  10:00:00Z",
        "20260521T100000Z",
        "2026-W21-4T10:00:00Z",
        "2026-141T10:00:00Z",
        "+2026-05-21T10:00:00Z",
        "-026-05-21T10:00:00Z",
        "2026-05-21T10:00:00\u22120200",
        "２０２６-05-21T10:00:00Z",
        "1779357606",
        "",
    ]
)

_small = [0, -0.0, -1, 1, 2, 3, 5, 6, 99, 100, 359, 360, 500, 501, 1.0, 2.0, 0.5, 1.5, -1e-9, 5e-324]
_large = [1e308, -1e308, 2**53, 2**53 + 1, 2**63, -(2**63) - 1, 2**64, 10**30, -(10**30), 10**400]
_numbers = st.sampled_from([*_small, 1.0000000001, 359.99999999999994, *_large])
junk_values = st.recursive(
    st.none()
    | st.booleans()
    | _numbers
    | text(8)
    | st.sampled_from(["", "x" * 64, "x" * 65, "𝄞" * 65, "x" * 1001]),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(text(4), inner, max_size=2),
    max_leaves=4,
)

_ODD: Final = {
    "plate": odd_plates,
    **dict.fromkeys(
        ["captured_at", "valid_from", "valid_until", "withdrawn_at", "at", "emitted_at"], odd_times
    ),
}


@st.composite
def mutated(draw: st.DrawFn, documents: st.SearchStrategy[Document]) -> Document:
    """Draw a document with one to three changes; most are invalid, some still valid."""
    document = copy.deepcopy(draw(documents))
    for _ in range(draw(st.integers(1, 3))):
        holder = draw(st.sampled_from(_containers(document)))
        change = draw(
            st.sampled_from(
                [
                    _replace_value,
                    _replace_value,
                    _replace_value,
                    _alter_value,
                    _alter_value,
                    _drop_key,
                    _add_key,
                    _rename_key,
                ]
            )
        )
        change(draw, holder)
    return document


def _containers(value: Any) -> list[Any]:
    """Return all dictionaries and lists of a document."""
    inner: list[Any] = (
        list(value.values()) if isinstance(value, dict) else value if isinstance(value, list) else []
    )
    own = [value] if isinstance(value, dict | list) else []
    return own + [holder for item in inner[:5] for holder in _containers(item)]


def _pick_key(draw: st.DrawFn, holder: Any) -> Any:
    keys = list(holder) if isinstance(holder, dict) else list(range(len(holder)))
    return draw(st.sampled_from(keys)) if keys else None


def _replace_value(draw: st.DrawFn, holder: Any) -> None:
    key = _pick_key(draw, holder)
    if key is not None:
        odd = _ODD.get(key)
        holder[key] = draw(junk_values if odd is None else odd | odd | junk_values)


def _alter_value(draw: st.DrawFn, holder: Any) -> None:
    """Replace a value by one that is close to it."""
    key = _pick_key(draw, holder)
    if key is not None:
        holder[key] = draw(st.sampled_from(_near_values(holder[key])))


def _near_values(value: Any) -> list[Any]:
    if isinstance(value, str):
        return [f"{value}\n", f" {value}", value.lower(), value.upper(), value * 30, value[:-1], [value]]
    if isinstance(value, bool):
        return [int(value), str(value), None]
    if isinstance(value, int | float):
        whole = [float(value)] if abs(value) < 2**60 else []
        return [*whole, -value, value + 1, value * 2, str(value), bool(value)]
    if isinstance(value, list):
        return [value * 21, value[:1] * 101, {}, None]
    return [[value], {}, None, ""]


def _drop_key(draw: st.DrawFn, holder: Any) -> None:
    key = _pick_key(draw, holder)
    if key is not None:
        del holder[key]


def _add_key(draw: st.DrawFn, holder: Any) -> None:
    if isinstance(holder, dict):
        holder[draw(text(8) | st.sampled_from(["country", "vehicle", "default"]))] = draw(junk_values)
    else:
        holder.append(draw(junk_values))


def _rename_key(draw: st.DrawFn, holder: Any) -> None:
    key = _pick_key(draw, holder)
    if isinstance(holder, dict) and key is not None:
        name: Callable[[str], str] = draw(st.sampled_from([str.lower, str.upper, str.title, lambda _: "XX"]))
        holder[name(key)] = holder.pop(key)
