"""Parsing of Hikvision's events: reads, skipped events, and faults."""

import re

import pytest

from streams.gateway.event import EventError, ParsedEvent
from streams.gateway.vendors.hikvision import parse_event
from streams.gateway.vendors.hikvision.countries import parse_country_code
from streams.records.countries import COUNTRIES
from streams.records.times import YEARS_RULE, to_rfc3339
from tests.support.vendor_samples import (
    BRUSSELS,
    PLAIN_SOURCE,
    changed_sample,
    expect_refusal,
    load_sample,
    make_event,
    single_read,
)

refused = expect_refusal(parse_event)

FULL = "hikvision/full.xml"
OLD = "hikvision/old_without_vehicle.xml"
UMLAUT = "hikvision/prefix_umlaut.xml"


def reasons(parsed: ParsedEvent) -> list[str]:
    return [each.reason for each in parsed.errors]


def test_all_fields_of_a_read() -> None:
    parsed = single_read(parse_event(load_sample(FULL), BRUSSELS))
    (read,) = parsed.reads
    assert (read.camera_id, read.plate, read.country, read.confidence) == ("cam-1", "1XYZ234", "BE", 0.96)
    assert read.char_confidences == [0.99, 0.99, 0.97, 0.61, 0.99, 0.98, 0.99]
    assert (read.lane, read.direction, read.speed_kmh) == (2, "approaching", 87)
    assert read.position is not None
    assert (read.position.lat, round(read.position.lon, 6)) == (50.85, 4.358333)
    assert read.vehicle is not None
    assert (read.vehicle.type, read.vehicle.colour, read.vehicle.make) == ("SUV", "blue", None)
    assert not read.retransmitted
    assert not parsed.errors
    assert not parsed.pictures


def test_the_zone_of_the_settings_takes_precedence_over_the_factory_offset() -> None:
    assert (
        to_rfc3339(parse_event(load_sample(FULL), BRUSSELS).reads[0].captured_at)
        == "2026-05-21T14:10:06.471Z"
    )


def test_without_a_zone_in_the_settings_the_offset_is_used() -> None:
    late = load_sample(OLD)
    assert to_rfc3339(parse_event(late, PLAIN_SOURCE).reads[0].captured_at) == "2020-03-10T08:12:00.000Z"
    assert (
        to_rfc3339(parse_event(load_sample(FULL), PLAIN_SOURCE).reads[0].captured_at)
        == "2026-05-21T08:10:06.471Z"
    )


def test_a_time_without_offset_is_utc_if_no_zone_is_set() -> None:
    bare = changed_sample(OLD, ("09:12:00+01:00", "09:12:00"))
    assert to_rfc3339(parse_event(bare, PLAIN_SOURCE).reads[0].captured_at) == "2020-03-10T09:12:00.000Z"
    assert to_rfc3339(parse_event(bare, BRUSSELS).reads[0].captured_at) == "2020-03-10T08:12:00.000Z"


def test_a_picture_time_far_from_the_event_time_is_not_used() -> None:
    far = changed_sample(FULL, ("<absTime>20260521161006471", "<absTime>20260521081006471"))
    assert to_rfc3339(parse_event(far, BRUSSELS).reads[0].captured_at) == "2026-05-21T14:10:06.000Z"


@pytest.mark.parametrize("time", ["1970-01-01T00:00:00+08:00", "0001-01-01T00:00:00+14:00", "today", ""])
def test_an_invalid_time_is_refused(time: str) -> None:
    error = refused(changed_sample(FULL, ("2026-05-21T16:10:06+08:00", time)))
    assert error.reason == "time"
    assert [fault.field for fault in error.faults] == ["dateTime"]


def test_a_fault_in_the_time_names_the_rule_that_it_breaks() -> None:
    time = "2026-05-21T16:10:06+08:00"
    early = refused(changed_sample(FULL, (time, "1999-12-31T23:59:59+01:00")))
    assert early.faults[0].rule == YEARS_RULE
    malformed = refused(changed_sample(FULL, (time, "today")))
    assert malformed.faults[0].rule.startswith("must be a time such as ")
    missing = refused(changed_sample(FULL, (f"<dateTime>{time}</dateTime>", "")))
    assert str(missing) == "missing required field `dateTime`"


def test_old_firmware_without_vendor_namespace_and_without_vehicle() -> None:
    (read,) = single_read(parse_event(load_sample(OLD), PLAIN_SOURCE)).reads
    assert (read.plate, read.confidence, read.direction) == ("EL-123-AB", 0.925, "receding")
    assert (read.country, read.vehicle, read.char_confidences, read.speed_kmh) == (None,) * 4


def test_umlauts_are_preserved_and_a_late_read_is_marked() -> None:
    (read,) = single_read(parse_event(load_sample(UMLAUT), PLAIN_SOURCE)).reads
    assert (read.plate, read.country, read.retransmitted) == ("TÖL XY 123", "DE", True)
    assert read.char_confidences is not None
    assert read.char_confidences[1] == 0.52


@pytest.mark.parametrize("original", ["ТОЛ XY 123", "unknown", "AB 12", ""])
def test_an_original_text_of_another_plate_or_script_is_not_used(original: str) -> None:
    other = changed_sample(UMLAUT, ("TÖL XY 123", original))
    assert parse_event(other, PLAIN_SOURCE).reads[0].plate == "TOLXY123"


def test_a_second_event_of_the_same_vehicle_has_the_same_id() -> None:
    first = parse_event(load_sample("hikvision/first_of_two.xml"), PLAIN_SOURCE).reads[0]
    second = parse_event(load_sample("hikvision/with_pictures.multipart"), PLAIN_SOURCE).reads[0]
    revised = parse_event(changed_sample(FULL, ("1XYZ234", "1XYZ284")), PLAIN_SOURCE).reads[0]
    assert first.read_id == second.read_id == revised.read_id
    another = parse_event(changed_sample(FULL, ("Weqn1</UUID>", "Weqn2</UUID>")), PLAIN_SOURCE).reads[0]
    elsewhere = parse_event(load_sample(FULL), PLAIN_SOURCE._replace(camera_id="cam-2")).reads[0]
    assert len({first.read_id, another.read_id, elsewhere.read_id}) == 3


def test_without_a_uuid_a_repeated_event_has_the_same_id_and_another_vehicle_a_different_one() -> None:
    ids = [
        parse_event(each, PLAIN_SOURCE).reads[0].read_id
        for each in (load_sample(OLD), load_sample(OLD), changed_sample(OLD, ("EL-123-AB", "EL-124-AB")))
    ]
    assert ids[0] == ids[1] != ids[2]


def test_pictures_are_returned_with_the_read() -> None:
    parsed = single_read(parse_event(load_sample("hikvision/with_pictures.multipart"), PLAIN_SOURCE))
    assert [(each.name, each.content_type) for each in parsed.pictures] == [
        ("licensePlatePicture.jpg", "image/jpeg"),
        ("detectionPicture.jpg", "image/jpeg"),
    ]
    assert parsed.pictures[0].content.startswith(b"\xff\xd8\xff")


@pytest.mark.parametrize(
    ("path", "reason"),
    [("hikvision/heartbeat.xml", "a heartbeat"), ("hikvision/no_plate.xml", "no plate seen")],
)
def test_an_event_that_is_not_a_read_is_skipped_without_a_fault(path: str, reason: str) -> None:
    parsed = parse_event(load_sample(path), PLAIN_SOURCE)
    assert (parsed.reads, parsed.skipped, parsed.errors) == ([], [reason], [])


def test_events_of_other_types_are_skipped() -> None:
    moved = changed_sample("hikvision/heartbeat.xml", ("<eventType>videoloss", "<eventType>VMD"))
    assert parse_event(moved, PLAIN_SOURCE).skipped == ["an event of type VMD, not ANPR"]
    assert parse_event(make_event(b'{"eventType": "GPSUpload", "channelID": 1}'), PLAIN_SOURCE).skipped


def test_an_empty_or_non_latin_plate_is_refused() -> None:
    empty = changed_sample(OLD, ("EL-123-AB", ""))
    cyrillic = changed_sample(OLD, ("EL-123-AB", "АВ1234СЕ"))
    assert (refused(empty).reason, refused(cyrillic).reason) == ("plate", "plate")
    assert "АВ1234СЕ" not in str(refused(cyrillic))
    assert refused(cyrillic).faults[0].field == "ANPR.licensePlate"


@pytest.mark.parametrize(
    ("country", "index", "expected"),
    [("13", "13", "BE"), ("253", "258", "MO"), ("3", "254", "DE"), ("254", "0", None), ("999", "6", "NL")],
)
def test_countries_by_the_numbers_of_the_vendor(country: str, index: str, expected: str | None) -> None:
    both = changed_sample(FULL, ("<country>13", f"<country>{country}"), ("<CRIndex>13", f"<CRIndex>{index}"))
    parsed = single_read(parse_event(both, PLAIN_SOURCE))
    assert parsed.reads[0].country == expected
    assert not parsed.errors


def test_an_unknown_country_is_dropped_and_reported() -> None:
    unknown = changed_sample(FULL, ("<country>13", "<country>777"), ("<CRIndex>13", "<CRIndex>778"))
    parsed = single_read(parse_event(unknown, PLAIN_SOURCE))
    assert parsed.reads[0].country is None
    assert [(each.reason, each.faults[0].field) for each in parsed.errors] == [("country", "ANPR.CRIndex")]


def test_the_table_of_country_numbers() -> None:
    known = {"1": "CZ", "37": "AT", "46": "TR", "49": "XK", "64": "TH", "169": "CA", "222": "AR", "227": "AU"}
    assert {number: parse_country_code(number) for number in known} == known
    codes = [parse_country_code(str(number)) for number in range(300)]
    assert {code for code in codes if code} <= COUNTRIES
    assert [codes[number] for number in (0, 253, 254, 255)] == [""] * 4
    assert [codes[number] for number in (56, 100, 168, 209, 259)] == [None] * 5
    assert parse_country_code("BE") == "BE"


@pytest.mark.parametrize(
    ("old", "new", "field"),
    [
        ("<confidenceLevel>96<", "<confidenceLevel>960<", "ANPR.confidenceLevel"),
        ("<line>2<", "<line>two<", "ANPR.line"),
        ("<speed>87<", "<speed>NaN<", "ANPR.vehicleInfo.speed"),
        ("<degree>50<", "<degree>950<", "DeviceGPSInfo.Latitude.degree"),
        ("99,99,97,61", "99,99,x,61", "ANPR.plateCharBelieve"),
        ("<direction>forward</direction>", "<direction><a>1</a></direction>", "ANPR.direction"),
    ],
)
def test_a_wrong_optional_field_is_dropped_and_reported(old: str, new: str, field: str) -> None:
    parsed = single_read(parse_event(changed_sample(FULL, (old, new)), PLAIN_SOURCE))
    assert [(each.reason, each.faults[0].field) for each in parsed.errors] == [("field", field)]


def test_character_confidences_of_another_number_than_the_plate_has_are_dropped() -> None:
    parsed = single_read(parse_event(changed_sample(FULL, ("99,99,97,61", "99,99,97")), PLAIN_SOURCE))
    assert parsed.reads[0].char_confidences is None
    assert not parsed.errors


def test_all_faults_are_reported_together() -> None:
    bad = changed_sample(FULL, ("1XYZ234", "!"), ("<line>2<", "<line>-2<"), ("<CRIndex>13", "<CRIndex>999"))
    bad = make_event(
        bad.body.replace(b"<country>13", b"<country>998").replace(b"2026-05-21T16", b"2026-05-21T36")
    )
    assert {fault.field for fault in refused(bad).faults} == {
        "ANPR.licensePlate", "ANPR.line", "ANPR.CRIndex", "dateTime"
    }  # fmt: skip


def test_a_camera_without_gps_has_no_position() -> None:
    text = load_sample(FULL).body.decode()
    zeros = re.sub(r"(<(degree|minute|sec)>)[0-9.]+<", r"\g<1>0<", text)
    assert zeros != text
    assert parse_event(make_event(zeros), PLAIN_SOURCE).reads[0].position is None


@pytest.mark.parametrize("device", ["08:CC:81:00:00:8A", "08cc8100008a", "DS-TCG406-E20260101AAWRTEST01"])
def test_the_device_of_the_settings_is_accepted_in_any_notation(device: str) -> None:
    source = PLAIN_SOURCE._replace(device=device)
    assert single_read(parse_event(load_sample(FULL), source)).reads


def test_another_device_is_refused_and_an_unnamed_one_accepted() -> None:
    with pytest.raises(EventError) as caught:
        parse_event(load_sample(FULL), PLAIN_SOURCE._replace(device="08:cc:81:00:00:99"))
    assert caught.value.reason == "device"
    single_read(parse_event(load_sample(OLD), PLAIN_SOURCE._replace(device="08:cc:81:00:00:99")))


DTD = "<!DOCTYPE a>"
BOMB = '<!DOCTYPE a [<!ENTITY a "aaaaaaaaaa"><!ENTITY b "&a;&a;&a;&a;&a;&a;">]>'
OUTSIDE = '<!DOCTYPE a [<!ENTITY a SYSTEM "file:///etc/hostname">]>'


@pytest.mark.parametrize(
    "dtd", [BOMB, OUTSIDE, '<!DOCTYPE a SYSTEM "http://192.0.2.1/a.dtd">', "<!DOCTYPE a>"]
)
def test_xml_with_a_dtd_or_entities_is_refused(dtd: str) -> None:
    body = changed_sample(FULL, ('encoding="UTF-8"?>', f'encoding="UTF-8"?>{dtd}'), ("1XYZ234", "&#65;1"))
    error = refused(body)
    assert (error.reason, error.faults[0].rule) == ("form", "must be XML without a DTD and entities")


@pytest.mark.parametrize(
    ("body", "reason"),
    [
        (b"", "form"),
        (b"<EventNotificationAlert>", "form"),
        (b"<Other><eventType>ANPR</eventType></Other>", "form"),
        (b"<EventNotificationAlert><eventType>ANPR</eventType></EventNotificationAlert>", "form"),
        (b"<EventNotificationAlert/>", "form"),
        (b'<?xml version="1.0" encoding="no-such"?><EventNotificationAlert/>', "form"),
        (b"<a>" * 5000 + b"</a>" * 5000, "form"),
        (b"<EventNotificationAlert>" + b"<a>" * 500 + b"</a>" * 500 + b"</EventNotificationAlert>", "form"),
        (b"<EventNotificationAlert>" + b"<a/>" * 100_000 + b"</EventNotificationAlert>", "size"),
        (b'{"eventType": "ANPR", "ANPR": {"licensePlate": "1XYZ234"}}', "form"),
        (b"\xff\xfe<\0a\0", "form"),
    ],
)
def test_a_body_that_is_not_an_event_is_refused(body: bytes, reason: str) -> None:
    assert refused(make_event(body)).reason == reason


def test_a_refused_part_does_not_affect_the_others() -> None:
    good, bad = load_sample(FULL).body, changed_sample(OLD, ("EL-123-AB", "?")).body
    parts = b"".join(
        b'--b\r\nContent-Disposition: form-data; name="%d.xml"\r\n\r\n%s\r\n' % (index, body)
        for index, body in enumerate((bad, good, b"<broken", load_sample("hikvision/heartbeat.xml").body))
    )
    parsed = single_read(
        parse_event(make_event(parts + b"--b--\r\n", "multipart/mixed; boundary=b"), PLAIN_SOURCE)
    )
    assert reasons(parsed) == ["plate", "form"]
    assert [each.faults[0].field for each in parsed.errors] == ["0.xml.ANPR.licensePlate", "2.xml"]
    assert parsed.skipped == ["a heartbeat"]
