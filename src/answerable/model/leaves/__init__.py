# SPDX-License-Identifier: Apache-2.0
"""The leaf kinds of the transparency log. Formats are final: `docs/spec/leaves.md` specifies each, with vectors.

Fields are declared in alphabetical order of their names on the wire and hold ASCII keys, integers below 2**53 and no
floats, so that the plain JSON encoding *is* RFC 8785 canonical JSON. Optional members are left out, never null.
`t` is milliseconds UTC; `n` 16 random bytes, base64url; a `rid` is 32 characters (`answerable.log.leaf.rid`).
Free text and names never stand here: they are commitments under `c` (`answerable.log.commitment`).
"""

from __future__ import annotations

import msgspec

from answerable.model.leaves.acted import (
    ApprovalLeaf,
    CloseLeaf,
    HoldLeaf,
    OpenLeaf,
    PlantedLeaf,
    RefusalsLeaf,
    SettleLeaf,
)
from answerable.model.leaves.crossed import EventLeaf, IncidentLeaf
from answerable.model.leaves.disclosed import EraseLeaf, GrantLeaf, PreserveLeaf, ReadLeaf, RevokeLeaf
from answerable.model.leaves.parts import (
    AuthorityRef,
    Code,
    Commitments,
    ComputeRef,
    EdgeRef,
    Int,
    Leaf,
    OfficerRef,
    OpaqueRef,
    Opt,
    Part,
    PartyRef,
    Rid,
    RootsRef,
    Sig,
    Usage,
)
from answerable.model.leaves.registered import (
    AnnounceLeaf,
    AttestationLeaf,
    CopyLeaf,
    KeyLeaf,
    PartyLeaf,
    PluginLeaf,
    ShardLeaf,
    SystemLeaf,
    TransferLeaf,
)
from answerable.model.leaves.stopped import (
    DrillLeaf,
    OrderLeaf,
    ReauthorisationLeaf,
    ReceiptLeaf,
    RecoveryLeaf,
    RefusedLeaf,
    RegainedLeaf,
    ReleaseLeaf,
    RosterLeaf,
)
from answerable.model.leaves.tooled import BoundRef, MeterRef, ToolClassRef, ToolLeaf
from answerable.model.leaves.warranted import HandleLeaf, RenewalsLeaf, WarrantLeaf

__all__ = [
    "KINDS",
    "AnnounceLeaf",
    "ApprovalLeaf",
    "AttestationLeaf",
    "AuthorityRef",
    "BoundRef",
    "CloseLeaf",
    "Code",
    "Commitments",
    "ComputeRef",
    "CopyLeaf",
    "DrillLeaf",
    "EdgeRef",
    "EraseLeaf",
    "EventLeaf",
    "GrantLeaf",
    "HandleLeaf",
    "HoldLeaf",
    "IncidentLeaf",
    "Int",
    "KeyLeaf",
    "Leaf",
    "MeterRef",
    "OfficerRef",
    "OpaqueRef",
    "OpenLeaf",
    "Opt",
    "OrderLeaf",
    "Part",
    "PartyLeaf",
    "PartyRef",
    "PlantedLeaf",
    "PluginLeaf",
    "PreserveLeaf",
    "ReadLeaf",
    "ReauthorisationLeaf",
    "ReceiptLeaf",
    "RecoveryLeaf",
    "RefusalsLeaf",
    "RefusedLeaf",
    "RegainedLeaf",
    "ReleaseLeaf",
    "RenewalsLeaf",
    "RevokeLeaf",
    "Rid",
    "RootsRef",
    "RosterLeaf",
    "SettleLeaf",
    "ShardLeaf",
    "Sig",
    "SystemLeaf",
    "ToolClassRef",
    "ToolLeaf",
    "TransferLeaf",
    "Usage",
    "WarrantLeaf",
]


def _kind(leaf: type[Leaf]) -> str:
    return next(str(f.default) for f in msgspec.structs.fields(leaf) if f.encode_name == "k")


KINDS: dict[str, type[Leaf]] = {_kind(leaf): leaf for leaf in Leaf.__subclasses__()}
