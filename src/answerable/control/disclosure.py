# SPDX-License-Identifier: Apache-2.0
"""The one way by which what was said leaves the payload store for somebody who does not have it: under a grant, and
after the leaf that says so is durable."""

from __future__ import annotations

from answerable.control.commit import carry_out
from answerable.control.services import Services
from answerable.control.subjects import subject
from answerable.errors import Refused
from answerable.log.receipt import Disclosure
from answerable.model.leaves import ReadLeaf
from answerable.model.records import Admin
from answerable.privacy import grants


async def disclose(services: Services, person: Admin, reading: ReadLeaf) -> tuple[Disclosure, ...]:
    """The payloads of the groups that `reading` names, of an action's open and close leaf. reading: signed by `person`,
    who asks. Records the reading first.

    Raises Refused ``privacy.unknown|malformed|signer|signature|grant|erased|replayed|not_kept``.
    """
    found = await subject(services.reader, reading.of)
    if found.record != reading.of:
        raise Refused("privacy.malformed", detail="it names a close leaf, a reading names the open leaf")
    # Whether there is anything to read tells nothing that the log does not; a reading of nothing is not recorded.
    held = [(rid, group) for _, rid in found.leaves for group in reading.grps if await _kept(services, rid, group)]
    grants.read(services.book, reading, person, services.clock.now_ms())
    if not held:
        raise Refused("privacy.not_kept")
    await carry_out(services, lambda: grants.read(services.book, reading, person, services.clock.now_ms()))
    return tuple([part for rid, group in held if (part := await _disclosure(services, rid, group)) is not None])


async def _kept(services: Services, rid: str, group: str) -> bool:
    kept = await services.reader.payload(rid, group)
    return kept is not None and kept[1] is not None


async def _disclosure(services: Services, rid: str, group: str) -> Disclosure | None:
    kept = await services.reader.payload(rid, group)
    return None if kept is None or kept[1] is None else Disclosure(rid, group, kept[0], kept[1])
