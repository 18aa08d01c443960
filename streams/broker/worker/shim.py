import msgspec

from streams.records.hit import Hit
from streams.records.match import Match

_m = msgspec.json.Decoder(Match)
_h = msgspec.json.Decoder(Hit)
def decode_matches(records):
    return [_m.decode(r) for r in records]
def decode_hit(r):
    return _h.decode(r)
