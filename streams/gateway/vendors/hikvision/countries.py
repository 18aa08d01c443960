"""Hikvision's numbers of countries, in `country` and `CRIndex` of its events.

From the vendor's public SDK manual, enumeration COUNTRY_INDEX
(https://open.hikvision.com/hardware/structures/COUNTRY_INDEX.html), and, for 81 and numbers above 255, the
list of `CRIndex` in the description of the ISAPI event. Islands without a distinguishing sign of their own
have that of their state: the Canaries (162), the Azores (163), Madeira (164), Hawaii (251); so does Sikkim
(96).
"""

from typing import Final

from streams.gateway.vendors.shared.country_codes import to_alpha2

_UNKNOWN_NUMBERS: Final = frozenset(("0", "253", "254", "255"))
"""In this order: not supported by the recogniser, see `CRIndex`, not recognised, any."""

# In order of number, from 1. Dots are reserved numbers, and 209: the Netherlands Antilles were dissolved.
_CODES: Final = (  # noqa: SIM905 - a list of quoted codes reads worse
    "CZ FR DE ES IT NL PL SK BY MD RU UA BE BG DK FI GB GR HR HU IL LU MK NO PT RO RS AZ GE KZ LT TM "
    "UZ LV EE AL AT BA IE IS VA MT SE CH CY TR SI ME XK AD AM MC LI SM AX . . . CN BH KR LB NP TH PK "
    "AE BT OM KP PH KH QA KG MV MY MN SA BN LA JP TR PS TJ KW SY IN ID AF LK IQ VN IR YE JO MM IN BD "
    "SG TL . . . . EG LY SD TN DZ MA ET ER SO DJ KE TZ UG RW BI SC TD CF CM GQ GA CG CD ST MR EH SN "
    "GM ML BF GN GW CV SL LR CI GH TG BJ NE ZM AO ZW MW MZ BW NA ZA SZ LS MG KM MU NG SS SH YT RE ES "
    "PT PT . . . . CA GL PM US BM MX GT BZ SV HN NI CR PA BS TC CU JM KY HT DO PR VI VG AI AG MF SX "
    "BL KN MS GP DM MQ LC VC GD BB TT CW AW . CO VE GY SR GF EC PE BO PY CL BR UY AR . . . . AU NZ PG "
    "SB VU NC PW FM MH MP GU NR KI FJ TO TV WF WS AS TK NU CK PF PN US . . . . TW HK MO"
).split(" ")
_CODE_BY_NUMBER: Final = {str(number): code for number, code in enumerate(_CODES, 1) if code != "."}


def parse_country_code(code: str) -> str | None:
    """Return the ISO 3166-1 alpha-2 code of one of Hikvision's numbers, or of an ISO code (`ISO-CR`).

    "" for a mark that the country is unknown; None for an unknown code.
    """
    number = code.lstrip("0") or code[:1] if code.isdecimal() else ""
    if number:
        return "" if number in _UNKNOWN_NUMBERS else _CODE_BY_NUMBER.get(number)
    return to_alpha2(code)
