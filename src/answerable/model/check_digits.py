# SPDX-License-Identifier: Apache-2.0
"""Check characters of the identifiers of organisations: unified social credit code, organisation code, LEI.

Each function takes the characters before the check, in the form that its standard gives them, and returns the check.
"""

from __future__ import annotations

from typing import Final

# GB 32100 table 2: digits and capitals without I, O, S, V and Z, which are misread; the index is the value.
USCC_ALPHABET: Final = "0123456789ABCDEFGHJKLMNPQRTUWXY"
_USCC_VALUE: Final = {char: value for value, char in enumerate(USCC_ALPHABET)}
_USCC_WEIGHTS: Final = tuple(pow(3, place, 31) for place in range(17))  # GB 32100 annex A
_ORGANISATION_WEIGHTS: Final = (3, 7, 9, 10, 5, 8, 4, 2)  # GB 11714 section 4


def uscc_check(first17: str) -> str:
    """The 18th character of a unified social credit code (GB 32100 annex A)."""
    total = sum(weight * _USCC_VALUE[char] for weight, char in zip(_USCC_WEIGHTS, first17, strict=True))
    return USCC_ALPHABET[-total % 31]


def organisation_check(first8: str) -> str:
    """The ninth character of an organisation code (GB 11714 section 4): mod 11, X for 10. Letters count from A = 10."""
    total = sum(weight * int(char, 36) for weight, char in zip(_ORGANISATION_WEIGHTS, first8, strict=True))
    return "0123456789X"[-total % 11]


def lei_check(first18: str) -> str:
    """The two check digits of a Legal Entity Identifier (ISO 17442 annex A)."""
    return f"{98 - as_digits(first18 + '00') % 97:02d}"


def as_digits(code: str) -> int:
    """A code with each letter written as two digits, A = 10 (ISO/IEC 7064, MOD 97-10)."""
    return int("".join(str(int(char, 36)) for char in code))
