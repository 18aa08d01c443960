"""A hit found by the first digits of its id."""

import pytest
from msgspec.structs import replace

from streams.cli.common.hit_lookup import HitLookup
from streams.records.hit import Hit
from streams.runtime.errors import InputError
from tests.support.operations import a_hit

HIT_ID = "7aeab3c2963ee22de42af18b51a62648"
SIMILAR_ID = "7aeab3c2" + "0" * 24


def find(first_digits: str, *hits: Hit) -> Hit:
    lookup = HitLookup(first_digits)
    for hit in hits:
        lookup.add(hit)
    return lookup.find()


def test_the_latest_revision_is_found_in_any_order() -> None:
    first = replace(a_hit(1), hit_id=HIT_ID)
    second = replace(first, revision=2)
    for hits in ((first, second), (second, first)):
        assert find("7aeab3c2", *hits, a_hit(2)).revision == 2
    assert find(HIT_ID, first) == first


def test_no_hit_and_several_hits_are_errors() -> None:
    hits = [replace(a_hit(1), hit_id=HIT_ID), replace(a_hit(2), hit_id=SIMILAR_ID)]
    with pytest.raises(InputError, match=r"\(2 revisions read\)"):
        find("00000000", *hits)
    with pytest.raises(InputError, match=f"{SIMILAR_ID}, {HIT_ID}; give more digits"):
        find("7aeab3c2", *hits)
    assert find("7aeab3c29", *hits).hit_id == HIT_ID


@pytest.mark.parametrize("text", ["7aeab3c", "7AEAB3C2", "AB-123-CD", HIT_ID + "0", ""])
def test_other_text_is_refused_and_not_shown(text: str) -> None:
    with pytest.raises(InputError, match="must be a hit id of 8 to 32 hexadecimal digits") as raised:
        HitLookup(text)
    assert not text or text not in str(raised.value)
