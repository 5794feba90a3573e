# SPDX-License-Identifier: Apache-2.0
"""Is this receipt true? From the signed head of the log down to who answers (`docs/spec/receipt.md`, "Verification").

Pure: bytes in, a report or an error out. Every byte of the file is either signed, hashed, committed to, or the only
encoding of something that is.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace

from msgspec import UNSET, UnsetType

from answerable.errors import VerificationError
from answerable.log import checkpoint as checkpoints
from answerable.log import commitment, joint, note
from answerable.log import receipt as receipts
from answerable.log.checkpoint import Checkpoint
from answerable.log.leaf import decode, leaf_hash, rid_of
from answerable.log.merkle import verify_inclusion
from answerable.log.receipt import Disclosure, Proved, Receipt
from answerable.log.trust import Judged, Trust
from answerable.model.calls import TOOL
from answerable.model.leaves import (
    CloseLeaf,
    Commitments,
    CopyLeaf,
    EraseLeaf,
    OpenLeaf,
    PartyLeaf,
    SystemLeaf,
    WarrantLeaf,
)
from answerable.verify.links import Graph, Placed
from answerable.verify.report import Closing, Content, Erasure, PartyFact, Report, SystemFact, WarrantFact


def verify(data: bytes, trust: Trust) -> Report:
    """What the receipt proves, under the logs that `trust` names.

    Raises VerificationError: ``receipt.malformed`` (form), ``log.untrusted``, ``log.signature``, ``log.quorum``,
    ``log.joint`` (head), ``log.proof``, ``log.leaf`` (leaves), ``receipt.incomplete``, ``receipt.inconsistent``,
    ``receipt.spare`` (path), ``log.commitment`` (disclosures), and ``log.note`` or ``log.checkpoint`` for the
    checkpoint's form.
    """
    # 1. The form: one encoding, nothing else.
    receipt = receipts.parse(data)
    # 2. The head: signed by a trusted log, cosigned by its quorum of witnesses; of a shard, its root log's head.
    head, judged = _head(receipt, trust)
    # 3. The leaves: each stands in the tree under that head, each in its canonical bytes.
    record, *others = (_place(proved, head) for proved in (receipt.record, *receipt.leaves))
    report = tell(record, others, receipt.disclosures, head)
    joined = judged.checkpoint if receipt.root else None
    return replace(report, witnesses=tuple(sorted(judged.cosigned.items())), joined=joined)


def tell(record: Placed, others: Iterable[Placed], disclosures: tuple[Disclosure, ...], head: Checkpoint) -> Report:
    """What leaves say that were proven to stand under `head`: steps 4 to 6. Raises as `verify`."""
    graph = Graph([record, *others])
    # 4. The path: record -> warrant, systems, party; end -> record; nothing beside it.
    graph.check(record.rid)
    opened = record.leaf
    if not isinstance(opened, OpenLeaf):
        raise VerificationError("receipt.inconsistent", detail="its record is not an open leaf")
    # 5. What was disclosed is what was committed to.
    contents = _disclosed(disclosures, graph)
    # 6. What it all says.
    return _report(record.rid, opened, graph, contents, head, record.proved.index)


def _head(receipt: Receipt, trust: Trust) -> tuple[Checkpoint, Judged]:
    """The tree that the receipt's proofs are in, and the head that is believed for it."""
    if receipt.root is None:
        judged = trust.judge(receipt.checkpoint)
        return judged.checkpoint, judged
    head, signed = checkpoints.parse(receipt.checkpoint)
    # The root log vouches for logs that the reader does not know. One that he knows speaks for itself: no other log of
    # his trust file can put words into its mouth.
    by = note.verified(signed, trust.logs)
    if any(key.name == head.origin for key in trust.logs) and not any(key.name == head.origin for key in by):
        raise VerificationError("log.untrusted", origin=head.origin)
    joint.verify(receipt.root, head, trust)
    return head, trust.judge(receipt.root.note)


def _place(proved: Proved, head: Checkpoint) -> Placed:
    digest = leaf_hash(proved.leaf)
    verify_inclusion(digest, proved.index, head.size, proved.path, head.root)
    return Placed(rid_of(digest), decode(proved.leaf), proved)


def _disclosed(disclosures: tuple[Disclosure, ...], graph: Graph) -> tuple[Content, ...]:
    held = {entry.rid: getattr(entry.leaf, "c", UNSET) for entry in graph}
    for part in disclosures:
        committed = _commitment(held.get(part.rid, UNSET), part.group)
        if not committed:
            raise VerificationError("receipt.spare", what="a disclosure without a commitment")
        commitment.check(committed, part.group, part.salt, part.body)
    return tuple(Content(part.rid, part.group, part.body) for part in disclosures)


def _commitment(held: Commitments | UnsetType, group: str) -> str:
    if held is UNSET or group not in _GROUPS:
        return ""
    value = getattr(held, _GROUPS[group])
    return "" if value is UNSET else value


_GROUPS = dict(zip(Commitments.__struct_encode_fields__, Commitments.__struct_fields__, strict=True))


def _report(
    rid: str, opened: OpenLeaf, graph: Graph, contents: tuple[Content, ...], head: Checkpoint, index: int
) -> Report:
    names = {part.rid: part.body.decode("utf-8", "replace") for part in contents if part.group == "name"}
    warrant = graph.need(opened.war, WarrantLeaf, "war")
    if warrant.sys != opened.sys or warrant.party != opened.party:
        raise VerificationError("receipt.inconsistent", detail="the warrant is of another system or party")
    graph.need(opened.party, PartyLeaf, "party")
    maker = maker_warrant = None
    if opened.via is not UNSET:
        maker = _system(opened.via, graph.need(opened.via, SystemLeaf, "via"), names)
    if opened.vwar is not UNSET:
        granted = graph.need(opened.vwar, WarrantLeaf, "vwar")
        if granted.sys != opened.via:
            raise VerificationError("receipt.inconsistent", detail="the model's warrant is of another system")
        maker_warrant = _warrant(opened.vwar, granted, graph)
    facts, first = _parties(graph, names)
    answering = facts[first[opened.party]]
    return Report(
        record=rid,
        at=opened.t,
        act=opened.act,
        decision=opened.dec,
        rule=opened.rule,
        error="" if opened.err is UNSET else opened.err,
        world=opened.wld,
        tier=opened.tier,
        party=answering,
        parties=(answering, *(fact for fact in facts.values() if fact is not answering)),
        caller=_system(opened.sys, graph.need(opened.sys, SystemLeaf, "sys"), names),
        warrant=_warrant(opened.war, warrant, graph),
        maker=maker,
        maker_warrant=maker_warrant,
        closing=_closing(rid, graph),
        contents=contents,
        origin=head.origin,
        index=index,
        size=head.size,
        root=head.root,
        erased=_erased(graph),
        tool=_tool(opened),
    )


def _tool(opened: OpenLeaf) -> str:
    said = opened.x.get(TOOL) if isinstance(opened.x, dict) else None
    if not isinstance(said, dict) or not all(isinstance(said.get(member), str) for member in ("srv", "name")):
        return ""
    return f"{said['srv']}/{said['name']}"


def _parties(graph: Graph, names: dict[str, str]) -> tuple[dict[str, PartyFact], dict[str, str]]:
    """Each party by the rid of its first leaf, and the first of each of its leaves: later ones change its standing,
    never who it is."""
    facts: dict[str, PartyFact] = {}
    first: dict[str, str] = {}
    for entry in sorted(graph, key=lambda entry: entry.proved.index):
        leaf = entry.leaf
        if not isinstance(leaf, PartyLeaf):
            continue
        origin = entry.rid if leaf.prev is UNSET else first.get(leaf.prev, "")
        if not origin:
            raise VerificationError("receipt.incomplete", rid=leaf.prev, member="prev")
        first[entry.rid] = origin
        earlier = facts.get(origin)
        if earlier and (leaf.id, leaf.kind) != (earlier.id, earlier.kind):
            raise VerificationError("receipt.inconsistent", detail="a party's later leaf is of another party")
        name = names.get(entry.rid) or (earlier.name if earlier else "")
        facts[origin] = PartyFact(origin, leaf.id, leaf.kind, leaf.std, name)
    return facts, first


def _system(rid: str, leaf: SystemLeaf, names: dict[str, str]) -> SystemFact:
    parties = tuple((ref.rid, ref.role) for ref in leaf.parties)
    return SystemFact(rid, leaf.id, leaf.kind, leaf.ver, names.get(rid, ""), leaf.tier, parties)


def _warrant(rid: str, leaf: WarrantLeaf, graph: Graph) -> WarrantFact:
    copy = graph.find(leaf.cpy, CopyLeaf)
    if copy and copy.sys != leaf.sys:
        raise VerificationError("receipt.inconsistent", detail="the warrant's copy is of another system")
    return WarrantFact(rid, leaf.cpy, copy.id if copy else "", leaf.tier, leaf.aud)


def _erased(graph: Graph) -> Erasure | None:
    leaves = ((entry.rid, entry.leaf) for entry in graph)
    return next((Erasure(rid, leaf.bas, leaf.t) for rid, leaf in leaves if isinstance(leaf, EraseLeaf)), None)


def _closing(record: str, graph: Graph) -> Closing | None:
    ends = [
        (entry.rid, entry.leaf) for entry in graph if isinstance(entry.leaf, CloseLeaf) and entry.leaf.open == record
    ]
    if len(ends) > 1:
        raise VerificationError("receipt.inconsistent", detail="the record ends twice")
    for rid, leaf in ends:
        used = None if leaf.u is UNSET else leaf.u
        return Closing(
            rid=rid,
            outcome=leaf.st,
            at=leaf.t,
            error="" if leaf.err is UNSET else leaf.err,
            tokens_in=used.in_ if used else None,
            tokens_out=used.out if used else None,
            energy_mj=used.mj if used and used.mj is not UNSET else None,
            energy_measure=used.mjk if used and used.mjk is not UNSET else "",
        )
    return None
