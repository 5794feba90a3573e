# SPDX-License-Identifier: Apache-2.0
"""Orders whose closure holds more digests than a row can carry: what they stopped is told from who held it.

The row of such an order has, in place of the list, the one entry that its leaf has (``sha256-list:<n>:<hex>``) and the
highest registry number of the instant. A digest is stopped by it if a system registered by then held the digest and is
reached by number. Who registers later, with a digest of somebody else, stops nobody.
"""

from __future__ import annotations

from typing import Final

from answerable.model.records import Stop, System
from answerable.model.terms import Scope

# Digests that a row holds one by one; a row of so many has some 300 kB.
MAX_LISTED: Final = 4_096


def reached(stop: Stop, system: System) -> bool:
    """Whether the order reached this system when it was given."""
    if not 0 < system.num <= stop.upto:
        return False
    own = {system.num} if stop.scope == Scope.SYSTEM else {system.num, *system.ancestors}
    return stop.num in own or not own.isdisjoint(stop.twins)
