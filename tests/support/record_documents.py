"""Strategies for valid documents of records.

A document is the result of `json.loads`; `encode_document` returns its bytes.
"""

import json
from datetime import date
from typing import Any, Final

from hypothesis import strategies as st

from streams.plates.normal_form import SEPARATORS
from streams.records.countries import COUNTRIES

Document = dict[str, Any]

# Without surrogates: the decoder rejects a record with an unpaired one as invalid JSON.
characters = st.characters(exclude_categories=["Cs"])


def text(max_length: int, alphabet: st.SearchStrategy[str] = characters) -> st.SearchStrategy[str]:
    """Return a strategy for texts of 1 to `max_length` characters, often of exactly that length."""
    return st.text(alphabet, min_size=1, max_size=max_length) | st.sampled_from(["x", "é", "𝄞"]).map(
        lambda char: char * max_length
    )


_letters = st.sampled_from([*"0189ABIOZaiozÄÖÜäöü", "A\u0308", "o\u0308"])
_separators = st.sampled_from(["", "", "", *SEPARATORS])


def _plates(units: st.SearchStrategy[str]) -> st.SearchStrategy[str]:
    groups = st.lists(st.tuples(units, _separators).map("".join), min_size=1, max_size=12)
    return st.tuples(_separators, groups).map(lambda parts: parts[0] + "".join(parts[1])).filter(_is_short)


def _is_short(plate: str) -> bool:
    return len(plate) <= 20


plates = _plates(_letters)
listed_plates = _plates(_letters | st.sampled_from("?*")).filter(lambda plate: plate.strip("?*" + SEPARATORS))


@st.composite
def times(draw: st.DrawFn, years: tuple[int, int] = (2000, 2099)) -> str:
    """Draw a valid time in one of the accepted forms, more than 24 hours inside the years."""
    day = draw(st.dates(date(years[0], 1, 2), date(years[1], 12, 30)))
    clock = draw(st.times()).isoformat(timespec=draw(st.sampled_from(["seconds", "milliseconds"])))
    more = draw(st.sampled_from(["", "4", "49", "499999", "9999999999"])) if "." in clock else ""
    zone = draw(
        st.sampled_from(["Z", "Z", "z", "+00:00", "-00:00", "+02:00", "+0200", "-11:30", "+23:59", "-23:59"])
    )
    return f"{day.isoformat()}{draw(st.sampled_from('TTTt '))}{clock}{more}{zone}"


_confidence = st.floats(0, 1) | st.sampled_from([0, 1])
_country = st.none() | st.sampled_from(sorted(COUNTRIES))
_long_text = st.none() | text(1000)
_vehicle = st.fixed_dictionaries(
    {},
    optional={
        **dict.fromkeys(["make", "model", "colour", "type"], st.none() | text(64)),
        "confidence": _confidence,
    },
)

reads: st.SearchStrategy[Document] = st.fixed_dictionaries(
    {"read_id": text(64), "camera_id": text(64), "captured_at": times(), "plate": plates},
    optional={
        "country": _country,
        "confidence": st.none() | _confidence,
        "char_confidences": st.none() | st.lists(_confidence, max_size=20),
        "candidates": st.none()
        | st.lists(
            st.fixed_dictionaries({"plate": text(20)}, optional={"confidence": st.none() | _confidence}),
            max_size=3,
        ),
        "char_alternatives": st.none()
        | st.lists(
            st.lists(
                st.fixed_dictionaries(
                    {"char": st.text(characters, max_size=1)},
                    optional={"confidence": st.none() | _confidence},
                ),
                max_size=2,
            ),
            max_size=3,
        ),
        "lane": st.none() | st.integers(0, 99),
        "direction": st.sampled_from([None, "approaching", "receding"]),
        "heading_deg": st.none() | st.floats(0, 360, exclude_max=True) | st.integers(0, 359),
        "speed_kmh": st.none() | st.floats(0, 500),
        "position": st.none()
        | st.fixed_dictionaries(
            {"lat": st.floats(-90, 90), "lon": st.floats(-180, 180) | st.integers(-180, 180)}
        ),
        "vehicle": st.none() | _vehicle,
        "image_ref": st.none() | text(2048),
        "retransmitted": st.booleans(),
    },
)

_actions = st.sampled_from(["discreet-check", "inquiry-check", "specific-check", "stop", "seize", "inform"])
_list_ids = text(64, st.characters(exclude_categories=["Cs"], exclude_characters="/"))
alerts: st.SearchStrategy[Document] = st.fixed_dictionaries(
    {
        "list_id": _list_ids,
        "alert_id": text(64),
        "version": st.integers(1, 2**53),
        "plate": listed_plates,
        "basis": st.sampled_from(["SIS-36-discreet", "SIS-38-plate", "INTERPOL-SMV", "EUROPOL", "OPERATION"]),
        "reason": text(1000),
        "action": st.tuples(
            _actions, st.dictionaries(st.sampled_from(sorted(COUNTRIES)), _actions, max_size=3)
        ).map(lambda parts: {"default": parts[0], **parts[1]}),
        # Apart, so that the term never ends before it begins, which a schema cannot say.
        "valid_from": times((2000, 2049)),
        "valid_until": times((2050, 2099)),
    },
    optional={
        "country": _country,
        "vehicle": st.none() | _vehicle,
        "priority": st.integers(1, 5),
        "match": st.none()
        | st.fixed_dictionaries(
            {},
            optional={
                "mode": st.sampled_from([None, "exact", "pattern", "confusable", "fuzzy"]),
                "min_posterior": st.none() | _confidence,
            },
        ),
        "audience": st.none() | st.lists(text(64), min_size=1, max_size=3) | st.just(["x"] * 100),
        "lookback_hours": st.none() | st.floats(0, 8784) | st.integers(0, 8784),
        "operation_id": st.none() | text(64),
        "reference": _long_text,
    },
)
withdrawals: st.SearchStrategy[Document] = st.fixed_dictionaries(
    {"list_id": _list_ids, "alert_id": text(64), "withdrawn_at": times()}
)
verdicts: st.SearchStrategy[Document] = st.fixed_dictionaries(
    {
        "hit_id": st.text("0123456789abcdef", min_size=32, max_size=32),
        "centre": text(64),
        "verdict": st.sampled_from(["confirmed", "rejected", "acknowledged"]),
        "at": times(),
    },
    optional={"reason": _long_text, "by": st.none() | text(64)},
)

lookback_records: st.SearchStrategy[Document] = st.fixed_dictionaries(
    {
        "list_id": _list_ids,
        "alert_id": text(64),
        "version": st.integers(1, 2**53),
        "asked_at": times(),
        "hours": st.floats(0, 8784),
        "by": st.sampled_from(["worker", "operator"]),
    },
    optional={
        "countries": st.lists(
            st.fixed_dictionaries(
                {
                    "country": st.sampled_from(sorted(COUNTRIES)),
                    "hours": st.floats(0, 8784),
                    "source": text(1000),
                },
                optional={"reads": st.integers(0, 2**53), "matches": st.integers(0, 2**53)},
            ),
            max_size=2,
        ),
        "refused": st.lists(
            st.fixed_dictionaries({"country": st.sampled_from(sorted(COUNTRIES)), "why": text(1000)}),
            max_size=2,
        ),
        "done_at": st.none() | times(),
    },
)

_hit_ids = st.text("0123456789abcdef", min_size=32, max_size=32)
_results: st.SearchStrategy[Document] = st.fixed_dictionaries(
    {
        "class": st.sampled_from(["exact", "confusable", "fuzzy", "pattern"]),
        "read_plate": text(12),
        "listed_plate": text(12),
    },
    optional={
        "posterior": st.none() | _confidence,
        "edits": st.lists(
            st.fixed_dictionaries(
                {
                    "kind": st.sampled_from(["settled", "equivalent", "umlaut"]),
                    "position": st.integers(1, 12),
                    "read": text(2),
                    "listed": text(2),
                }
            ),
            max_size=2,
        ),
        "contradictions": st.lists(
            st.fixed_dictionaries(
                {
                    "what": st.sampled_from(["country", "gap", "colour", "make", "type"]),
                    "read": text(12),
                    "listed": text(12),
                    "meaning": text(40),
                }
            ),
            max_size=2,
        ),
        "possible_countries": st.lists(st.sampled_from(sorted(COUNTRIES)), max_size=3),
    },
)
matches: st.SearchStrategy[Document] = st.fixed_dictionaries(
    {"read": reads, "alert": alerts, "result": _results}
)
hits: st.SearchStrategy[Document] = st.fixed_dictionaries(
    {
        "hit_id": _hit_ids,
        "revision": st.integers(1, 9),
        "kind": st.sampled_from(["new", "amended", "withdrawn"]),
        "mode": st.sampled_from(["live", "historical"]),
        "age_s": st.floats(-1e6, 1e6) | st.integers(-9, 9),
        "read": reads,
        "alert": st.fixed_dictionaries(
            {
                "list_id": text(64),
                "alert_id": text(64),
                "version": st.integers(1, 2**53),
                "plate": listed_plates,
                "basis": st.sampled_from(["SIS-36-discreet", "NATIONAL"]),
                "reason": text(1000),
                "valid_until": times(),
            },
            optional={"country": _country, "vehicle": st.none() | _vehicle, "reference": _long_text},
        ),
        "match": _results,
        "place": st.fixed_dictionaries(
            {"camera_id": text(64)},
            optional={
                "site_id": st.none() | text(64),
                "road": st.none() | text(64),
                "territory": _country,
                "lat": st.none() | st.floats(-90, 90),
            },
        ),
        "action": _actions,
        "priority": st.integers(1, 5),
        "emitted_at": times(),
    },
    optional={
        "audience": st.lists(text(64), max_size=3),
        "rules": st.lists(text(64), max_size=2),
        "withdrawn": st.none()
        | st.fixed_dictionaries(
            {"reason": st.sampled_from(["superseded", "alert-withdrawn", "rejected"])},
            optional={"superseded_by": st.none() | _hit_ids},
        ),
        "verdict": st.none() | verdicts,
    },
)


def encode_document(document: Document, ascii_only: bool = False) -> bytes:
    """The document as a record."""
    return json.dumps(document, ensure_ascii=ascii_only, allow_nan=False).encode()


SMALL_READ: Final[Document] = {
    "read_id": "1",
    "camera_id": "c",
    "captured_at": "2026-05-21T16:10:06Z",
    "plate": "AB-123-CD",
}


def encode_small_read(**changes: Any) -> bytes:
    """A small read with some fields changed; None takes one away."""
    return encode_document(
        {name: value for name, value in (SMALL_READ | changes).items() if value is not None}
    )
