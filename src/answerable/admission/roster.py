# SPDX-License-Identifier: Apache-2.0
"""A roster as a holder pins it: whose orders it takes, beside the issuer's."""

from __future__ import annotations

from answerable.admission.trust import Keys, Trust
from answerable.crypto.b64 import unb64u
from answerable.log import roster
from answerable.model.leaves import RosterLeaf


def trust(leaf: RosterLeaf, origin: str, *, issuers: Keys, pulses: Keys) -> Trust:
    """What a holder trusts that pinned this roster. The file is taken as it is pinned: who could change it there could
    change all else too; `log.roster.check` says whether it follows another."""
    roster.form(leaf)
    known = roster.authorities(leaf)
    return Trust(
        origin=origin,
        issuers=issuers,
        pulses=pulses,
        officers={each.key: unb64u(each.pub) for each in leaf.off},
        authorities={key: public for key, (_, public) in known.items()},
        named={key: name for key, (name, _) in known.items()},
    )
