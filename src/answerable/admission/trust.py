# SPDX-License-Identifier: Apache-2.0
"""Whose word a holder takes: public keys that were pinned where it runs, each with the one thing that it is for.

Two authorities are needed to live (warrant and pulse), any one suffices to die: a stop by any key that is pinned here
is a stop, whoever carried it.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

Keys = Mapping[str, bytes]
"""kid -> public key, 32 bytes."""


@dataclass(frozen=True, slots=True)
class Trust:
    """origin: of the registry's log. issuers: sign warrants and order messages; pulses: sign pulses; officers: kid is
    the rid of the officer's key leaf; authorities: kid is what their signatures name, and no registry's word undoes
    what they order; named: which authority a key of theirs belongs to, itself where that is not said: each authority
    that signed an order has to sign its release."""

    origin: str
    issuers: Keys = field(default_factory=dict)
    pulses: Keys = field(default_factory=dict)
    officers: Keys = field(default_factory=dict)
    authorities: Keys = field(default_factory=dict)
    named: Mapping[str, str] = field(default_factory=dict)
