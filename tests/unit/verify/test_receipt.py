# SPDX-License-Identifier: Apache-2.0
from __future__ import annotations

import dataclasses
from typing import Any

import msgspec
import pytest

from answerable.crypto.b64 import b64
from answerable.crypto.ed25519 import Key
from answerable.errors import VerificationError
from answerable.log import checkpoint, note
from answerable.log import receipt as receipts
from answerable.log.leaf import rid
from answerable.log.receipt import Disclosure
from answerable.log.trust import Trust, Witness
from answerable.model.leaves import CloseLeaf, EraseLeaf, PartyLeaf
from answerable.verify.receipt import verify
from tests.small_log import (
    ORIGIN,
    T0,
    SmallLog,
    World,
    closed,
    copy,
    joined,
    key,
    nonce,
    opened,
    party,
    system,
    warrant,
    world,
)

WORLD = world()
GOOD = WORLD.receipt()
READ = receipts.parse(GOOD)
TRUST = WORLD.log.trust


def code(data: bytes, trust: Trust = TRUST) -> str:
    with pytest.raises(VerificationError) as caught:
        verify(data, trust)
    return caught.value.code


def rebuilt(**changes: Any) -> bytes:
    full = dataclasses.replace(READ, **changes)
    return receipts.build(full.record, full.leaves, full.disclosures, full.checkpoint)


def without(name: str) -> bytes:
    members = [value for key_, value in WORLD.rids.items() if key_ not in ("open", "noise", name)]
    return WORLD.log.receipt(WORLD.rids["open"], *members)


def test_who_answers() -> None:
    report = verify(GOOD, TRUST)
    assert report.record == WORLD.rids["open"]
    assert (report.party.rid, report.party.id, report.party.name) == (
        WORLD.rids["deployer"],
        "NTRCN-Deployer",
        "Deployer",
    )
    assert [fact.name for fact in report.parties] == ["Deployer", "Provider"]
    assert (report.caller.name, report.caller.kind) == ("app", "application")
    assert report.maker is not None
    assert (report.maker.name, report.maker.version) == ("base", "1.0")
    assert report.warrant.rid == WORLD.rids["app warrant"]
    assert report.warrant.copy_id.endswith("/app/copy/1")
    assert report.maker_warrant is not None
    assert report.maker_warrant.rid == WORLD.rids["model warrant"]
    assert (report.at, report.decision, report.act, report.world) == (T0 + 100, "permit", "generation", "information")
    assert report.closing is not None
    assert (report.closing.outcome, report.closing.tokens_out, report.closing.energy_mj) == ("done", 5, 4200)
    assert (report.origin, report.size, report.index) == (ORIGIN, 15, 13)


@pytest.mark.parametrize("bit", [0x01, 0x80])
def test_every_flipped_byte_is_refused(bit: int) -> None:
    """Exhaustive: each byte of the file, our errors alone."""
    accepted = []
    for place in range(len(GOOD)):
        broken = bytearray(GOOD)
        broken[place] ^= bit
        try:
            verify(bytes(broken), TRUST)
            accepted.append(place)
        except VerificationError:
            continue
    assert accepted == []


def test_every_truncation_is_refused() -> None:
    for size in [*range(0, len(GOOD), 97), len(GOOD) - 1]:
        assert code(GOOD[:size])


def test_an_unknown_log() -> None:
    assert code(GOOD, Trust((note.VerifierKey.of(ORIGIN, key("other").public),))) == "log.untrusted"
    assert code(GOOD, Trust(())) == "log.untrusted"


def cosigned() -> bytes:
    """The receipt with a signature of somebody of whom the trust file says nothing."""
    line = note.sign(READ.checkpoint.decode().split("\n\n")[0] + "\n", "witness.invalid", key("witness"))
    return rebuilt(checkpoint=READ.checkpoint + line.split(b"\n\n")[1])


def test_a_signature_of_an_unknown_key_says_nothing() -> None:
    """C2SP signed-note: it must be passed over, or no log could ever take on another witness."""
    assert verify(cosigned(), TRUST).record == WORLD.rids["open"]


def test_not_even_a_byte_of_a_signature_of_an_unknown_key_changes() -> None:
    both = cosigned()
    for place in range(both.rindex("—".encode()), len(both)):
        broken = bytearray(both)
        broken[place] ^= 1
        assert code(bytes(broken)) in {"receipt.malformed", "log.note"}
    assert code(both.replace(READ.checkpoint, READ.checkpoint * 2)) == "receipt.malformed"


@pytest.mark.parametrize("name", ["deployer", "app", "model", "app warrant", "model warrant"])
def test_what_the_record_points_to_must_be_there(name: str) -> None:
    # Parts that only the missing leaf led to are spare then; both are refusals.
    assert code(without(name)) in {"receipt.incomplete", "receipt.spare"}


def test_the_party_alone_left_out() -> None:
    small = World(WORLD.log, {name: value for name, value in WORLD.rids.items() if name != "deployer"})
    assert code(small.receipt()) == "receipt.incomplete"


@pytest.mark.parametrize("name", ["provider", "model copy", "app copy"])
def test_what_only_tells_more_may_be_left_out(name: str) -> None:
    assert verify(without(name), TRUST).party.name == "Deployer"


def test_without_its_end_the_outcome_is_not_told() -> None:
    report = verify(without("close"), TRUST)
    assert (report.outcome, report.closing) == ("", None)
    assert report.content("out") is None


def test_a_swapped_party() -> None:
    """Another party's leaf in the place of the right one, with its own good proof."""
    provider = next(part for part in READ.leaves if rid(part.leaf) == WORLD.rids["provider"])
    swapped = tuple(
        dataclasses.replace(provider, index=part.index) if rid(part.leaf) == WORLD.rids["deployer"] else part
        for part in READ.leaves
    )
    assert code(rebuilt(leaves=swapped)) == "log.proof"
    kept = tuple(part for part in READ.leaves if rid(part.leaf) != WORLD.rids["deployer"])
    shown = tuple(part for part in READ.disclosures if part.rid != WORLD.rids["deployer"])
    assert code(rebuilt(leaves=kept, disclosures=shown)) == "receipt.incomplete"


def test_a_forged_leaf() -> None:
    forged = dataclasses.replace(READ.record, leaf=READ.record.leaf.replace(b'"tier":1', b'"tier":0'))
    assert code(rebuilt(record=forged)) == "log.proof"


def test_a_truncated_proof() -> None:
    cut = dataclasses.replace(READ.record, path=READ.record.path[:-1])
    assert code(rebuilt(record=cut)) == "log.proof"


def test_disclosures_must_match() -> None:
    first = READ.disclosures[0]
    assert code(rebuilt(disclosures=(dataclasses.replace(first, body=b"x"),))) == "log.commitment"
    assert code(rebuilt(disclosures=(dataclasses.replace(first, salt=bytes(32)),))) == "log.commitment"
    for spare in (
        Disclosure(WORLD.rids["open"], "out", bytes(32), b""),
        Disclosure(WORLD.rids["open"], "in_", bytes(32), b""),
        Disclosure(WORLD.rids["app warrant"], "name", bytes(32), b""),
        Disclosure(WORLD.rids["noise"], "name", bytes(32), b""),
    ):
        assert code(rebuilt(disclosures=(spare,))) == "receipt.spare"


def test_the_record_is_an_open_leaf() -> None:
    assert code(WORLD.log.receipt(WORLD.rids["close"], WORLD.rids["open"], *WORLD.members)) == "receipt.inconsistent"
    assert code(WORLD.log.receipt(WORLD.rids["noise"])) == "receipt.inconsistent"


class Forger:
    """A log whose owner signs whatever he likes: what must not hold together even under a good signature."""

    def __init__(self) -> None:
        self.log, self.rids = SmallLog(), {}
        for name, leaf in (
            ("provider", party("Provider")),
            ("deployer", party("Deployer")),
        ):
            self.rids[name] = self.log.add(leaf)
        for number, (name, owner) in enumerate((("model", "provider"), ("app", "deployer"))):
            self.rids[name] = self.log.add(system(name, number + 1, "model", self.rids[owner]))
            self.rids[name + " copy"] = self.log.add(copy(name, self.rids[name]))
            self.rids[name + " warrant"] = self.log.add(
                warrant(name, self.rids[name], self.rids[name + " copy"], self.rids[owner])
            )

    def receipt(self, *left_out: str, **changes: Any) -> bytes:
        self.rids["open"] = self.log.add(msgspec.structs.replace(opened(self.rids), **changes))
        others = [value for name, value in self.rids.items() if name not in ("open", *left_out)]
        return self.log.receipt(self.rids["open"], *others)


def test_the_forger_can_also_tell_the_truth() -> None:
    assert verify(Forger().receipt(), TRUST).party.id == "NTRCN-Deployer"


def test_a_warrant_of_another() -> None:
    forger = Forger()
    data = forger.receipt("app warrant", "app copy", war=forger.rids["model warrant"])
    assert code(data) == "receipt.inconsistent"
    forger = Forger()
    data = forger.receipt("model warrant", "model copy", vwar=forger.rids["app warrant"])
    assert code(data) == "receipt.inconsistent"


def test_a_party_that_the_warrant_does_not_name() -> None:
    forger = Forger()
    assert code(forger.receipt(party=forger.rids["provider"])) == "receipt.inconsistent"


def test_a_copy_of_another_system() -> None:
    forger = Forger()
    forger.rids["app warrant"] = forger.log.add(
        warrant("app", forger.rids["app"], forger.rids["model copy"], forger.rids["deployer"])
    )
    assert code(forger.receipt("app copy")) == "receipt.inconsistent"


def test_a_record_that_ends_twice() -> None:
    forger = Forger()
    forger.receipt()
    forger.rids["one"] = forger.log.add(closed(forger.rids["open"]))
    forger.rids["two"] = forger.log.add(CloseLeaf(n=nonce("x"), open=forger.rids["open"], st="unknown", t=T0))
    others = [value for name, value in forger.rids.items() if name != "open"]
    assert code(forger.log.receipt(forger.rids["open"], *others)) == "receipt.inconsistent"


def standing(forger: Forger, leaf: PartyLeaf) -> bytes:
    forger.rids["later"] = forger.log.add(leaf)
    return forger.receipt()


def test_a_later_leaf_changes_the_standing() -> None:
    forger = Forger()
    report = verify(standing(forger, party("Deployer", "vouched", prev=forger.rids["deployer"])), TRUST)
    assert (report.party.rid, report.party.standing) == (forger.rids["deployer"], "vouched")


def test_a_later_leaf_cannot_change_who_it_is() -> None:
    forger = Forger()
    assert code(standing(forger, party("Other", "proven", prev=forger.rids["deployer"]))) == "receipt.inconsistent"


def test_a_later_leaf_without_its_first() -> None:
    forger = Forger()
    lost = forger.log.add(party("Deployer", "vouched", prev=forger.rids["deployer"]))
    assert code(standing(forger, party("Deployer", "proven", prev=lost))) == "receipt.spare"


JOINT, ROOT = joined(WORLD)
JOINED = WORLD.receipt(JOINT)


def test_a_shards_receipt_holds_under_its_root_log() -> None:
    """Whoever believes the root log alone believes what it recorded, whether the tree grew meanwhile or not."""
    report = verify(JOINED, ROOT.trust)
    assert (report.origin, report.size, report.party.name) == (ORIGIN, 15, "Deployer")
    assert report.joined is not None
    assert (report.joined.origin, report.joined.size) == ("root.invalid/log", 7)
    assert verify(GOOD, TRUST).joined is None
    same, root = joined(WORLD, 0)
    assert verify(WORLD.receipt(same), root.trust).joined == root.trust.check(root.checkpoint())
    assert code(JOINED, TRUST) == "log.untrusted"  # the shard's own log does not speak for the root


def test_every_flipped_byte_of_a_shards_receipt_is_refused() -> None:
    both = Trust((*TRUST.logs, *ROOT.trust.logs))
    for place in range(len(JOINED)):
        broken = bytearray(JOINED)
        broken[place] ^= 1
        assert code(bytes(broken), both), place


def test_not_even_a_signature_of_the_shard_that_nobody_asks_for_may_be_bad() -> None:
    both = Trust((*TRUST.logs, *ROOT.trust.logs))
    read = receipts.parse(JOINED)
    head = note.parse(read.checkpoint)
    forged = note.Note(head.text, (note.Signature(ORIGIN, TRUST.logs[0].id, bytes(64)),)).data
    data = receipts.build(read.record, read.leaves, read.disclosures, forged, read.root)
    assert verify(data, ROOT.trust).record == WORLD.rids["open"]
    assert code(data, both) == "log.signature"


def test_no_log_speaks_for_another_that_the_reader_knows() -> None:
    """Both are trusted, each for itself: else any of them could record, as a shard, a tree that the other never had."""
    both = Trust((*TRUST.logs, *ROOT.trust.logs))
    assert verify(JOINED, both).joined is not None
    read = receipts.parse(JOINED)
    head = note.parse(read.checkpoint)
    stranger = note.Signature(ORIGIN, b"none", bytes(64))
    forged = receipts.build(
        read.record, read.leaves, read.disclosures, note.Note(head.text, (stranger,)).data, read.root
    )
    assert verify(forged, ROOT.trust).joined is not None
    assert code(forged, both) == "log.untrusted"


@pytest.mark.parametrize(
    ("changes", "expected"),
    [
        ({"consistency": ()}, "log.proof"),
        ({"consistency": (*JOINT.consistency, bytes(32))}, "log.proof"),
        ({"path": JOINT.path[:-1]}, "log.proof"),
        ({"index": JOINT.index - 1}, "log.proof"),
        ({"leaf": ROOT.leaves[0]}, "log.proof"),
        ({"leaf": ROOT.leaves[0], "index": 0, "path": ROOT.proved(0).path}, "log.joint"),
        ({"note": READ.checkpoint}, "log.untrusted"),
    ],
)
def test_a_broken_joint(changes: dict[str, Any], expected: str) -> None:
    assert code(WORLD.receipt(dataclasses.replace(JOINT, **changes)), ROOT.trust) == expected


def test_witnesses_of_a_shards_receipt_are_those_of_its_root() -> None:
    witness = note.VerifierKey.of("w.invalid", key("w").public, note.Kind.COSIGNATURE)
    trust = Trust(ROOT.trust.logs, (Witness("w", witness),), quorum="w")
    assert code(JOINED, trust) == "log.quorum"
    head = note.parse(JOINT.note)
    line = note.cosign(head.text, witness, T0 // 1000, key("w"))
    seen = dataclasses.replace(JOINT, note=note.Note(head.text, (*head.signatures, line)).data)
    assert verify(WORLD.receipt(seen), trust).witnesses == (("w", T0 // 1000),)


def test_an_erasure_is_told() -> None:
    forger = Forger()
    forger.receipt()
    erased = EraseLeaf(bas="pipl-47", by=forger.rids["deployer"], n=nonce("e"), of=forger.rids["open"], t=T0 + 9)
    forger.rids["erase"] = forger.log.add(erased)
    others = [value for name, value in forger.rids.items() if name != "open"]
    report = verify(forger.log.receipt(forger.rids["open"], *others), TRUST)
    assert report.erased is not None
    assert (report.erased.rid, report.erased.basis, report.erased.at) == (forger.rids["erase"], "pipl-47", T0 + 9)
    assert verify(GOOD, TRUST).erased is None
    foreign = EraseLeaf(bas="pipl-47", by=forger.rids["deployer"], n=nonce("f"), of=forger.rids["deployer"], t=T0)
    others.append(forger.log.add(foreign))
    assert code(forger.log.receipt(forger.rids["open"], *others)) == "receipt.inconsistent"


def test_a_refused_action_has_no_maker() -> None:
    unset = msgspec.UNSET
    forger = Forger()
    forger.rids["open"] = forger.log.add(
        msgspec.structs.replace(opened(forger.rids), dec="refuse", err="model.unknown", via=unset, vwar=unset)
    )
    members = [forger.rids[name] for name in ("deployer", "app", "app copy", "app warrant")]
    report = verify(forger.log.receipt(forger.rids["open"], *members), TRUST)
    assert (report.decision, report.error, report.maker, report.maker_warrant) == (
        "refuse",
        "model.unknown",
        None,
        None,
    )


def test_a_checkpoint_that_is_not_one() -> None:
    text = note.sign("words\n", ORIGIN, key("log"))
    assert code(rebuilt(checkpoint=text)) == "log.checkpoint"
    assert code(rebuilt(checkpoint=b"words")) == "log.note"


def test_a_head_of_another_tree() -> None:
    head = checkpoint.sign(ORIGIN, 15, bytes(32), Key.from_seed(b"\x00" * 32))
    assert code(rebuilt(checkpoint=head)) == "log.untrusted"
    head = checkpoint.sign(ORIGIN, 15, bytes(32), key("log"))
    assert b64(bytes(32)).encode() in head
    assert code(rebuilt(checkpoint=head)) == "log.proof"
