# SPDX-License-Identifier: Apache-2.0
"""What becomes of a label that stands in a file already (GB 45438-2025 section 6.3 and Appendix E): who spreads what
another produced is its propagator, and the producer's members stay as they are.

Nothing is chosen in silence: labels that differ, or that cannot be kept as they are, are refused.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Final

import msgspec

from answerable.errors import Refused, VerificationError
from answerable.marks import provider_code
from answerable.marks.aigc import Found, check, generated
from answerable.marks.signature import LabelKey, party_of, sign, sign_propagation
from answerable.model.labels import AIGC

# Faults of a label that are mended by writing it as the standard has it, without another meaning.
_MENDED: Final = ("glued", "encoded_twice", "object:", "number:", "missing:")


class Role(StrEnum):
    """What we are to the content, by the label that is written."""

    PRODUCER = "producer"  # there was none: the label is ours
    KEPT = "kept"  # ours stands already, or another propagator's: it is written as it was
    PROPAGATOR = "propagator"  # another producer's stands: our code and record id are added


@dataclass(frozen=True, slots=True)
class Settled:
    """aigc: to be written; problems: what was wrong with the form of what stood there."""

    aigc: AIGC
    role: Role
    problems: tuple[str, ...] = ()


def propagator_code(provider: str) -> str:
    """The code under which `provider` (a provider code, or a party id) spreads what others produced."""
    try:
        known = provider_code.parse(provider)
    except VerificationError:
        return provider
    return provider_code.make(known.uscc, known.suffix, provider_code.PROPAGATES)


def settle(found: Sequence[Found], *, provider: str, record: str, key: LabelKey | None, again: bool = False) -> Settled:
    """The one label of a file in which `found` stood. provider: our provider code, or our party id; record: our record
    id for this file; key: signs, None: nothing is signed; again: True where `record` was drawn for this call alone, so
    that a label of ours with another record id is no contradiction but the answer.

    Raises Refused ``label.several`` for labels that differ, ``label.another_record`` for one of ours with another
    record id, ``label.foreign`` for another producer's that cannot be written again as it is; VerificationError
    ``label.malformed`` for `provider` or `record` that may not stand in a label.
    """
    stood = tuple(dict.fromkeys(each.aigc for each in found))
    if len(stood) > 1:
        raise Refused("label.several", count=len(stood))
    if not stood:
        fresh = generated(provider, record)
        return Settled(sign(fresh, key) if key is not None else fresh, Role.PRODUCER)
    problems = tuple(dict.fromkeys(problem for each in found for problem in each.problems))
    label = stood[0]
    if party_of(label.content_producer) == party_of(provider):
        return Settled(_own(label, record, key, again), Role.KEPT, problems)
    if odd := [problem for problem in problems if not problem.startswith(_MENDED)]:
        raise Refused("label.foreign", detail=", ".join(odd))
    try:
        check(label)
        if label.content_propagator or label.propagate_id or label.reserved_code2:
            return Settled(label, Role.KEPT, problems)
        label = msgspec.structs.replace(label, content_propagator=propagator_code(provider), propagate_id=record)
        check(label)
    except VerificationError as error:
        raise Refused("label.foreign", detail=str(error.params.get("detail"))) from None
    return Settled(sign_propagation(label, key) if key is not None else label, Role.PROPAGATOR, problems)


def _own(label: AIGC, record: str, key: LabelKey | None, again: bool) -> AIGC:
    if label.produce_id != record and not again:
        raise Refused("label.another_record", record=label.produce_id[:64])
    check(label)
    return sign(label, key) if key is not None and not label.reserved_code1 else label
