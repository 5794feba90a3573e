# SPDX-License-Identifier: Apache-2.0
"""Identifiers of parties, in the form of ETSI EN 319 412-1 section 5.1.4: three letters for the register, two for the
country, a hyphen, the identifier in that register.

=============  ====================================================  ==============================================
``NTRCN-``     unified social credit code, 18 characters (GB 32100)  its own check character (mod 31) and that of the
                                                                     organisation code inside it (GB 11714, mod 11)
``LEIXG-``     Legal Entity Identifier, 20 characters (ISO 17442)    two check digits (ISO/IEC 7064 MOD 97-10)
``NTR<cc>-``   national trade register of another country            form alone
``VAT<cc>-``   value added tax number                                form alone
``PERSON-``    a natural person: 26 opaque base32 characters         none: a registrar vouches for it
=============  ====================================================  ==============================================

Text is compared exactly: an identifier has one spelling, in capitals where its register uses capitals.
"""

from __future__ import annotations

import hashlib
import re
from dataclasses import dataclass
from typing import Final

from answerable.errors import Refused
from answerable.model.check_digits import USCC_ALPHABET, as_digits, lei_check, organisation_check, uscc_check
from answerable.model.terms import PartyKind

# Register authority (GB 32100 table 1): 1-9 by ministry, A the military commission, N agriculture, Y others.
_USCC_FORM: Final = re.compile(rf"[1-9ANY][{USCC_ALPHABET}][0-9]{{6}}[{USCC_ALPHABET}]{{8}}[0-9A-Z][{USCC_ALPHABET}]")
_LEI_FORM: Final = re.compile(r"[0-9A-Z]{18}[0-9]{2}")
_FREE_FORM: Final = re.compile(r"[0-9A-Za-z](?:[0-9A-Za-z./-]{0,38}[0-9A-Za-z])?")
_PERSON_FORM: Final = re.compile(r"[a-z2-7]{26}")

# ISO 3166-1 alpha-2, officially assigned. EL, XI and EU are what VAT numbers use for Greece, Northern Ireland and the
# Union's own scheme.
_ISO_3166: Final = (
    "AD AE AF AG AI AL AM AO AQ AR AS AT AU AW AX AZ BA BB BD BE BF BG BH BI BJ BL BM BN BO BQ BR BS BT BV BW BY BZ CA "
    "CC CD CF CG CH CI CK CL CM CN CO CR CU CV CW CX CY CZ DE DJ DK DM DO DZ EC EE EG EH ER ES ET FI FJ FK FM FO FR GA "
    "GB GD GE GF GG GH GI GL GM GN GP GQ GR GS GT GU GW GY HK HM HN HR HT HU ID IE IL IM IN IO IQ IR IS IT JE JM JO JP "
    "KE KG KH KI KM KN KP KR KW KY KZ LA LB LC LI LK LR LS LT LU LV LY MA MC MD ME MF MG MH MK ML MM MN MO MP MQ MR MS "
    "MT MU MV MW MX MY MZ NA NC NE NF NG NI NL NO NP NR NU NZ OM PA PE PF PG PH PK PL PM PN PR PS PT PW PY QA RE RO RS "
    "RU RW SA SB SC SD SE SG SH SI SJ SK SL SM SN SO SR SS ST SV SX SY SZ TC TD TF TG TH TJ TK TL TM TN TO TR TT TV TW "
    "TZ UA UG UM US UY UZ VA VC VE VG VI VN VU WF WS YE YT ZA ZM ZW"
)
_COUNTRIES: Final = frozenset(_ISO_3166.split())
_VAT_COUNTRIES: Final = _COUNTRIES | {"EL", "XI", "EU"}


@dataclass(frozen=True, slots=True)
class PartyId:
    """scheme: ``NTRCN``, ``LEIXG``, ``NTRDE``, ``VATFR``, ``PERSON``…; value: what follows the hyphen; checked: whether
    check digits were there and held."""

    scheme: str
    value: str
    kind: PartyKind
    checked: bool

    def __str__(self) -> str:
        return f"{self.scheme}-{self.value}"


def parse(text: str) -> PartyId:
    """The parts of a party's identifier. Raises Refused ``party.id`` with what is wrong with it."""
    scheme, hyphen, value = text.partition("-")
    if not hyphen or not text.isascii():
        raise _bad("form", scheme)
    if scheme == "PERSON":
        _match(_PERSON_FORM, value, scheme)
        return PartyId(scheme, value, PartyKind.PERSON, False)
    if scheme == "NTRCN":
        check_uscc(value)
        return PartyId(scheme, value, PartyKind.ORG, True)
    if scheme == "LEIXG":
        check_lei(value)
        return PartyId(scheme, value, PartyKind.ORG, True)
    register, country = scheme[:3], scheme[3:]
    if (register == "NTR" and country in _COUNTRIES) or (register == "VAT" and country in _VAT_COUNTRIES):
        _match(_FREE_FORM, value, scheme)
        return PartyId(scheme, value, PartyKind.ORG, False)
    raise _bad("register", scheme)


def check_uscc(code: str) -> None:
    """A unified social credit code. Each wrong character is found: 31 is prime and no weight is 0 modulo it.
    Raises Refused ``party.id``."""
    _match(_USCC_FORM, code, "NTRCN")
    # The organisation code's own digit first: it says more about where the slip is.
    if code[16] != organisation_check(code[8:16]):
        raise _bad("organisation_check", "NTRCN")
    if code[17] != uscc_check(code[:17]):
        raise _bad("check", "NTRCN")


def check_lei(code: str) -> None:
    """A Legal Entity Identifier. Each wrong character of the same sort is found; a letter in place of a digit, or the
    reverse, passes in about 1 of 100 cases, because MOD 97-10 writes a letter as two digits and so shifts what stands
    before it. Raises Refused ``party.id``."""
    _match(_LEI_FORM, code, "LEIXG")
    # 00, 01 and 99 leave the right remainder too, but 98 - n never yields them: one identifier, one spelling.
    if as_digits(code) % 97 != 1 or not 2 <= int(code[18:]) <= 98:
        raise _bad("check", "LEIXG")


def unassigned_uscc(seed: int | str) -> str:
    """A well-formed ``NTRCN-`` identifier that names no organisation, for demos and tests.

    Its administrative division (characters 3 to 8) begins with 99. GB/T 2260 numbers provinces 11 to 82, so no register
    can ever have given the code out. The same seed gives the same identifier.
    """
    stuff = _stream("uscc", seed)
    body = "".join(USCC_ALPHABET[byte % 31] for byte in stuff[:8])
    division = f"99{int.from_bytes(stuff[8:12], 'big') % 10_000:04d}"
    first17 = f"Y1{division}{body}{organisation_check(body)}"
    return f"NTRCN-{first17}{uscc_check(first17)}"


def unassigned_lei(seed: int | str) -> str:
    """A well-formed ``LEIXG-`` identifier that names no legal entity, for demos and tests.

    Its first four characters, which tell the issuing organisation (ISO 17442 section 5), are 0000: a prefix of no
    issuer. Characters 5 and 6 are the reserved 00. The same seed gives the same identifier.
    """
    body = "".join("0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ"[byte % 36] for byte in _stream("lei", seed)[:12])
    first18 = f"000000{body}"
    return f"LEIXG-{first18}{lei_check(first18)}"


def is_unassigned(text: str) -> bool:
    """Whether an identifier is from the ranges above: a demo's, never a real party's."""
    return (text.startswith("NTRCN-") and text[8:10] == "99") or text.startswith("LEIXG-000000")


def _stream(purpose: str, seed: int | str) -> bytes:
    return hashlib.sha256(f"answerable demo {purpose} {seed}".encode()).digest()


def _match(form: re.Pattern[str], value: str, scheme: str) -> None:
    if not form.fullmatch(value):
        raise _bad("form", scheme)


def _bad(problem: str, scheme: str) -> Refused:
    # The scheme is quoted only when it looks like one: the rest of a bad identifier may be anything.
    return Refused("party.id", problem=problem, scheme=scheme if re.fullmatch(r"[A-Z]{5,6}", scheme) else "?")
