# SPDX-License-Identifier: Apache-2.0
"""Provider codes of GB 45438-2025: 27 characters that name who generates or propagates.

``00`` | ``1`` organisation | ``1`` bound by its unified social credit code | USCC (18) | ``1`` generates, ``2``
propagates | 4 characters of the provider's choice. The USCC's check character follows GB 32100-2015 (mod 31), the
organisation code inside it GB 11714-1997 (mod 11).
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Final

from answerable.errors import VerificationError
from answerable.model.check_digits import organisation_check, uscc_check

LENGTH: Final = 27
GENERATES: Final = "1"
PROPAGATES: Final = "2"

_FORM = re.compile(r"0011([0-9A-HJ-NP-RTUWXY]{18})([12])([0-9A-Za-z]{4})\Z")


@dataclass(frozen=True, slots=True)
class ProviderCode:
    """uscc: 18 characters, both check characters right; role: `GENERATES` or `PROPAGATES`; suffix: 4 characters."""

    uscc: str
    role: str
    suffix: str

    def __str__(self) -> str:
        return f"0011{self.uscc}{self.role}{self.suffix}"


def parse(code: str) -> ProviderCode:
    """Raises VerificationError ``label.provider_code`` for a code of another form or with a wrong check character."""
    match = _FORM.match(code)
    if match is None:
        raise VerificationError("label.provider_code", detail="not of the form 0011 + USCC + role + 4 characters")
    uscc = match[1]
    if uscc[17] != uscc_check(uscc[:17]):
        raise VerificationError("label.provider_code", detail="the credit code's check character is wrong")
    if uscc[16] != organisation_check(uscc[8:16]):
        raise VerificationError("label.provider_code", detail="the organisation code's check character is wrong")
    return ProviderCode(uscc, match[2], match[3])


def make(uscc: str, suffix: str, role: str = GENERATES) -> str:
    """The code of the organisation `uscc` for `role`, with 4 characters of its choice.

    Raises VerificationError ``label.provider_code`` as `parse` does: a party's code is never invented.
    """
    return str(parse(f"0011{uscc}{role}{suffix}"))
