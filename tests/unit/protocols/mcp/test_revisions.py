# SPDX-License-Identifier: Apache-2.0
from answerable.protocols.mcp import revisions
from answerable.protocols.mcp.revisions import OURS, RESERVED, SUPPORTED, Revision


def test_the_newest_revision_is_offered_first() -> None:
    assert SUPPORTED == (Revision.STATELESS, Revision.SESSIONS) == ("2026-07-28", "2025-11-25")


def test_no_name_of_ours_or_of_the_protocol_is_a_servers_to_set() -> None:
    names = [revisions.RECORD, revisions.AIGC, revisions.EXPLICIT, revisions.HOLD, revisions.ERROR, revisions.UPSTREAM]
    assert all(name.startswith(OURS) for name in names)
    assert all(name.startswith(RESERVED) for name in (*names, revisions.SERVER, revisions.VERSION))
