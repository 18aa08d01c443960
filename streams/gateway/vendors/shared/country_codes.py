"""Vendors' codes of countries: ISO 3166-1 alpha-2 or alpha-3 in any case, or a region such as `eu-fr`."""

from functools import lru_cache
from typing import Final

from streams.records.countries import COUNTRIES

# ISO 3166-1:2020, officially assigned alpha-2 and alpha-3 codes.
_ALPHA_3: Final = dict(
    pair.split(":")[::-1]
    for pair in (  # noqa: SIM905 - a list of quoted pairs reads worse
        "AD:AND AE:ARE AF:AFG AG:ATG AI:AIA AL:ALB AM:ARM AO:AGO AQ:ATA AR:ARG AS:ASM AT:AUT AU:AUS AW:ABW "
        "AX:ALA AZ:AZE BA:BIH BB:BRB BD:BGD BE:BEL BF:BFA BG:BGR BH:BHR BI:BDI BJ:BEN BL:BLM BM:BMU BN:BRN "
        "BO:BOL BQ:BES BR:BRA BS:BHS BT:BTN BV:BVT BW:BWA BY:BLR BZ:BLZ CA:CAN CC:CCK CD:COD CF:CAF CG:COG "
        "CH:CHE CI:CIV CK:COK CL:CHL CM:CMR CN:CHN CO:COL CR:CRI CU:CUB CV:CPV CW:CUW CX:CXR CY:CYP CZ:CZE "
        "DE:DEU DJ:DJI DK:DNK DM:DMA DO:DOM DZ:DZA EC:ECU EE:EST EG:EGY EH:ESH ER:ERI ES:ESP ET:ETH FI:FIN "
        "FJ:FJI FK:FLK FM:FSM FO:FRO FR:FRA GA:GAB GB:GBR GD:GRD GE:GEO GF:GUF GG:GGY GH:GHA GI:GIB GL:GRL "
        "GM:GMB GN:GIN GP:GLP GQ:GNQ GR:GRC GS:SGS GT:GTM GU:GUM GW:GNB GY:GUY HK:HKG HM:HMD HN:HND HR:HRV "
        "HT:HTI HU:HUN ID:IDN IE:IRL IL:ISR IM:IMN IN:IND IO:IOT IQ:IRQ IR:IRN IS:ISL IT:ITA JE:JEY JM:JAM "
        "JO:JOR JP:JPN KE:KEN KG:KGZ KH:KHM KI:KIR KM:COM KN:KNA KP:PRK KR:KOR KW:KWT KY:CYM KZ:KAZ LA:LAO "
        "LB:LBN LC:LCA LI:LIE LK:LKA LR:LBR LS:LSO LT:LTU LU:LUX LV:LVA LY:LBY MA:MAR MC:MCO MD:MDA ME:MNE "
        "MF:MAF MG:MDG MH:MHL MK:MKD ML:MLI MM:MMR MN:MNG MO:MAC MP:MNP MQ:MTQ MR:MRT MS:MSR MT:MLT MU:MUS "
        "MV:MDV MW:MWI MX:MEX MY:MYS MZ:MOZ NA:NAM NC:NCL NE:NER NF:NFK NG:NGA NI:NIC NL:NLD NO:NOR NP:NPL "
        "NR:NRU NU:NIU NZ:NZL OM:OMN PA:PAN PE:PER PF:PYF PG:PNG PH:PHL PK:PAK PL:POL PM:SPM PN:PCN PR:PRI "
        "PS:PSE PT:PRT PW:PLW PY:PRY QA:QAT RE:REU RO:ROU RS:SRB RU:RUS RW:RWA SA:SAU SB:SLB SC:SYC SD:SDN "
        "SE:SWE SG:SGP SH:SHN SI:SVN SJ:SJM SK:SVK SL:SLE SM:SMR SN:SEN SO:SOM SR:SUR SS:SSD ST:STP SV:SLV "
        "SX:SXM SY:SYR SZ:SWZ TC:TCA TD:TCD TF:ATF TG:TGO TH:THA TJ:TJK TK:TKL TL:TLS TM:TKM TN:TUN TO:TON "
        "TR:TUR TT:TTO TV:TUV TW:TWN TZ:TZA UA:UKR UG:UGA UM:UMI US:USA UY:URY UZ:UZB VA:VAT VC:VCT VE:VEN "
        "VG:VGB VI:VIR VN:VNM VU:VUT WF:WLF WS:WSM YE:YEM YT:MYT ZA:ZAF ZM:ZMB ZW:ZWE"
    ).split()
)

# UK is reserved by ISO 3166-1 and used on plates since 2021; XKX and RKS are XK (Kosovo), as in COUNTRIES.
_EXTRA_CODES: Final = {"UK": "GB", "XKX": "XK", "RKS": "XK"}

# EU is a band on the plate, not a country; ISO 3166 leaves ZZ and XX to its users.
_UNKNOWN_CODES: Final = frozenset(
    ("", "-", "--", "?", "EU", "ZZ", "XX", "ZZZ", "XXX", "UNK", "UNKNOWN", "N/A", "NONE", "NULL", "NIL")
)
_UNKNOWN_TEXTS: Final = frozenset(("OTHER", "OTHERS", "UNDEFINED", "INVALID", "NOT AVAILABLE"))

_MAX_LENGTH: Final = 32


def to_alpha2(code: str) -> str | None:
    """Return the ISO 3166-1 alpha-2 code of a vendor's code, in upper case.

    `code` is alpha-2 or alpha-3 in any case, or a region: of a country (`us-ca` is US) or of Europe (`eu-fr`
    is FR). Returns "" for a mark that the country is unknown, None for an unknown code.
    """
    return _look_up(code) if len(code) <= _MAX_LENGTH else None


@lru_cache(maxsize=1024)
def _look_up(code: str) -> str | None:
    normalised = code.strip().upper().replace("_", "-")
    if not code.isascii():
        return None
    if normalised in _UNKNOWN_CODES or normalised in _UNKNOWN_TEXTS:
        return ""
    if normalised in COUNTRIES:
        return normalised
    country = _ALPHA_3.get(normalised) or _EXTRA_CODES.get(normalised)
    if country is None and "-" in normalised:
        first, _, rest = normalised.partition("-")
        return _look_up(rest if first == "EU" else first)
    return country
