"""One example of each record; the match and the hit are what the read and the alert give."""

from datetime import UTC, datetime
from typing import Final

from streams.records.alert import Alert, AlertMatch, Withdrawal
from streams.records.hit import Hit, Place, build_hit_alert, compute_hit_id, identity_digest, text_digest
from streams.records.journey import Journey, NextSite, PassedSite
from streams.records.lookback import LookbackRun, RefusedCountry, SearchedCountry
from streams.records.match import Edit, Match, MatchResult
from streams.records.read import CharAlternative, PlateCandidate, Read, Vehicle
from streams.records.times import to_ms
from streams.records.verdict import Verdict

READ: Final = Read(
    read_id="rekkem-n-000417",
    camera_id="be.a14.rekkem.n",
    captured_at=datetime(2026, 5, 21, 16, 10, 6, 123000, UTC),
    plate="AB-I23-CD",
    country="FR",
    confidence=0.91,
    char_confidences=[0.99, 0.98, 0.55, 0.97, 0.99, 0.96, 0.98],
    candidates=[PlateCandidate("AB-123-CD", 0.42)],
    char_alternatives=[[], [], [CharAlternative("1", 0.44)], [], [], [], []],
    lane=2,
    direction="receding",
    speed_kmh=87.5,
    vehicle=Vehicle("PEUGEOT", "308", "grey", "car", 0.8),
    image_ref="urn:example:picture:000417",
)
ALERT: Final = Alert(
    list_id="sis",
    alert_id="FR-2026-00042",
    version=2,
    plate="AB-123-CD",
    basis="SIS-36-discreet",
    reason="seen at thefts of building machines",
    action={"default": "discreet-check", "BE": "inform"},
    valid_from=datetime(2026, 5, 1, tzinfo=UTC),
    valid_until=datetime(2026, 8, 1, tzinfo=UTC),
    country="FR",
    vehicle=Vehicle("PEUGEOT", "308", "grey", "car"),
    priority=2,
    match=AlertMatch("confusable"),
    audience=("be-west", "fr-nord"),
    reference="file 42 of 2026",
)
MATCH: Final = Match(
    read=READ,
    alert=ALERT,
    result=MatchResult(
        "confusable",
        "ABI23CD",
        "AB123CD",
        posterior=0.9996,
        reasons=(
            "1 was read as I: one 1 in 162",
            "the reader was 0.55 sure of the I, and gave 0.44 to 1",
            "there is no plate ABI23CD in FR",
            "type read as car, as listed: one in 2 vehicles is read so",
            "make read as Peugeot, as listed: one in 6 such vehicles is read so",
            "model read as 308, as listed",
            "colour read as grey, as listed: one in 3 such vehicles is read so",
        ),
        edits=(Edit("settled", 3, "I", "1"),),
    ),
)
# The six hours since 1970, as long as two passages of a journey may lie apart, in which it begins.
_STRETCH: Final = str(to_ms(READ.captured_at) // 21_600_000)
HIT: Final = Hit(
    hit_id=compute_hit_id(ALERT, READ),
    revision=1,
    kind="new",
    mode="live",
    age_s=0.25,
    read=READ,
    alert=build_hit_alert(ALERT),
    match=MATCH.result,
    place=Place(
        camera_id=READ.camera_id,
        site_id="rekkem",
        road="A14/E17",
        direction="Kortrijk",
        territory="BE",
        lat=50.786,
        lon=3.158,
    ),
    action="inform",
    priority=ALERT.priority,
    emitted_at=datetime(2026, 5, 21, 16, 10, 6, 373000, UTC),
    audience=("be-west", "fr-nord"),
    rules=("match.confusable", "plate.settled-by-format", "action.BE"),
    journey=Journey(
        journey_id=text_digest(("journey", identity_digest(ALERT), "", _STRETCH)),
        passages=(PassedSite(compute_hit_id(ALERT, READ), READ.camera_id, READ.captured_at, "rekkem", "BE"),),
        next=[
            NextSite(
                "kortrijk",
                km=10.9,
                earliest=datetime(2026, 5, 21, 16, 15, 7, 969000, UTC),
                expected=datetime(2026, 5, 21, 16, 16, 18, 123000, UTC),
                latest=datetime(2026, 5, 21, 16, 21, 18, 123000, UTC),
                share=1.0,
                territory="BE",
            )
        ],
    ),
)
WITHDRAWAL: Final = Withdrawal(
    list_id=ALERT.list_id,
    alert_id=ALERT.alert_id,
    withdrawn_at=datetime(2026, 5, 30, 8, tzinfo=UTC),
)
VERDICT: Final = Verdict(
    hit_id=HIT.hit_id,
    centre="be-west",
    verdict="confirmed",
    at=datetime(2026, 5, 21, 16, 14, tzinfo=UTC),
    reason="stopped by a patrol, plate and vehicle as listed",
    by="officer 7",
)
LOOKBACK_RUN: Final = LookbackRun(
    list_id=ALERT.list_id,
    alert_id=ALERT.alert_id,
    version=ALERT.version,
    asked_at=datetime(2026, 5, 1, 9, 30, 0, 250000, UTC),
    hours=48.0,
    by="worker",
    countries=[SearchedCountry("BE", 24.0, "LFP art. 25/7, decision of the chief of corps", 512_000, 3)],
    refused=[RefusedCountry("FR", "[jurisdictions.FR] allows no looking back")],
    done_at=datetime(2026, 5, 1, 9, 30, 4, 100000, UTC),
)
