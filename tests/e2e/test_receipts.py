# SPDX-License-Identifier: Apache-2.0
"""A receipt out of a log that a witness watches: made by the running service, and then believed on two files alone."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from answerable.log import note, proof, receipt, trust
from answerable.log.trust import Trust
from answerable.registry.ids import unassigned_lei
from answerable.verify.receipt import verify
from tests.e2e.places import ANSWERABLE, cli, running
from tests.e2e.scripted_upstream import ScriptedUpstream
from tests.e2e.test_witness import Company, cosigned, witnessing

OPERATOR = unassigned_lei("receipts")
ASKED = "What would the harbour master say?"


@dataclass(frozen=True)
class Kept:
    """What was kept of one answer, in a folder that holds nothing else. trust: what the log told its readers."""

    folder: Path
    record: str
    grant: str

    def read(self, name: str) -> bytes:
        return (self.folder / name).read_bytes()

    @property
    def trust(self) -> Trust:
        return trust.parse(self.read("trust.txt"))

    def verify(self, *words: str, prefix: tuple[str, ...] = ()) -> tuple[int, Any]:
        """As a user who has no store, no settings and, with a prefix, no network."""
        done = subprocess.run(
            [*prefix, *ANSWERABLE, "verify", *words, "--json"],
            cwd=self.folder,
            env={"PATH": os.environ["PATH"], "HOME": str(self.folder / "nobody"), "ANSWERABLE_LANG": "en"},
            capture_output=True,
            timeout=60,
            check=False,
        )
        assert not (self.folder / "nobody").exists()
        return done.returncode, json.loads(done.stdout)


@pytest.fixture(scope="module")
def kept(tmp_path_factory: pytest.TempPathFactory) -> Kept:
    """One answer of a model that was asked over the gateway of a log whose checkpoints a witness cosigns."""
    home, folder = tmp_path_factory.mktemp("service"), tmp_path_factory.mktemp("reader")
    log, watcher = Company("alpha", home / "alpha", home / "w"), Company("beta", home / "beta", home / "beta-witness")
    cli("init", "--store", str(log.store), "--domain", "alpha.invalid", "--operator", OPERATOR, "--name", "Alpha Ltd")
    cli("witness", "init", str(watcher.witness), "--name", "witness.beta.invalid")
    for key in log.trust.logs:
        cli("witness", "watch", str(watcher.witness), str(key))
    with ScriptedUpstream() as upstream, witnessing(watcher):
        with running(("serve", "--port", "0"), log.store) as place:
            party = f"{OPERATOR}:deployer"
            words = ("--version", "1", "--party", party, "--kind")
            place.cli("register", "--name", "Model", *words, "model", "--capability", "text", "--petaflop", "1000")
            place.cli("register", "--name", "App", *words, "application", "--uses", "Model")
        config = home / "alpha.toml"
        vkey = cli("witness", "show", str(watcher.witness))["vkeys"][1]
        (home / "policy.txt").write_text(f"witness beta {vkey}\nquorum beta\n")
        config.write_text(
            f'[log]\npolicy = "{home / "policy.txt"}"\nwitness_every_s = 0.2\n[log.witnesses]\nbeta = "{watcher.url}"\n'
            f'[upstreams.mine]\nurl = "{upstream.url}"\nsystem = "Model"\nmodel = "m"\nlocality = "local"\n'
        )
        with running(("serve", "--port", "0", "--config", str(config)), log.store) as place:
            copy = place.cli("copy", "endpoint", "App", "--url", "http://127.0.0.1/")
            handle = place.cli("handles", "issue", copy["id"], "--bind", "cidr:127.0.0.0/8")["value"]
            body = {"model": "Model", "messages": [{"role": "user", "content": ASKED}]}
            reply = place.post("/chat/completions", body, handle)
            (folder / "reply.json").write_bytes(reply.content)
            record = reply.json()["id"].removeprefix("chatcmpl-")
            # A record that no witness has seen yet: the receipt waits for one.
            place.cli("who", str(folder / "reply.json"), "--receipt", str(folder / "out.tlog"))
            place.cli("log", "prove", record, "--format", "tlog-proof", "--out", str(folder / "leaf.tlog-proof"))
            place.cli("who", record, "--receipt", str(folder / "out.cbor"), "--format", "cose")
            (folder / "kept.txt").write_bytes(cosigned(place))
            place.cli("party", "key", OPERATOR)
            grant = place.cli("data", "grant", record, "--to", "admin", "--purpose", "complaint", "--days", "1")["rid"]
            disclosing = ("--disclose", "in,out", "--grant", grant)
            place.cli("who", record, "--receipt", str(folder / "whole.tlog"), *disclosing)
            place.cli(
                "log",
                "prove",
                "--since",
                str(folder / "kept.txt"),
                "--format",
                "cose",
                "--out",
                str(folder / "grown.cbor"),
            )
            place.cli("who", record, "--receipt", str(home / "no.tlog"), "--disclose", "in", expect=4)
            (folder / "trust.txt").write_text(place.cli("log", "trust")["trust"])
            (folder / "log.txt").write_bytes((log.store / "trust.txt").read_bytes())
    return Kept(folder, record, grant)


def test_a_cosigned_receipt_verifies_with_the_trust_file_alone(kept: Kept) -> None:
    assert kept.trust.quorum == "beta"
    status, said = kept.verify("out.tlog", "--trust", "trust.txt", "--content", "reply.json")
    assert (status, said["record"], said["party"]["id"]) == (0, kept.record, OPERATOR)
    assert list(said["proof"]["witnesses"]) == ["beta"]
    assert (said["content"], said["made_by"]["name"], said["asked_by"]["name"]) == ("same", "Model", "App")
    assert kept.verify("leaf.tlog-proof", "--trust", "trust.txt")[1]["proof"]["witnesses"]


@pytest.mark.system("netns")
def test_and_without_any_network(kept: Kept) -> None:
    unshare = shutil.which("unshare")
    assert unshare
    for name in ("out.tlog", "leaf.tlog-proof", "whole.tlog"):
        status, said = kept.verify(name, "--trust", "trust.txt", prefix=(unshare, "--net"))
        assert (status, said["record"]) == (0, kept.record)


def test_without_its_cosignature_it_does_not(kept: Kept) -> None:
    read = receipt.parse(kept.read("out.tlog"))
    head = note.parse(read.checkpoint)
    own = note.Note(head.text, tuple(each for each in head.signatures if each.name == "alpha.invalid"))
    assert 0 < len(own.signatures) < len(head.signatures)
    (kept.folder / "bare.tlog").write_bytes(receipt.build(read.record, read.leaves, read.disclosures, own.data))
    assert kept.verify("bare.tlog", "--trust", "trust.txt")[1]["error"]["code"] == "log.quorum"
    assert kept.verify("bare.tlog", "--trust", "log.txt")[0] == 0  # who asks for no witnesses needs none


def test_a_cose_receipt_suffices_where_no_witness_is_asked_for(kept: Kept) -> None:
    status, said = kept.verify("out.cbor", "--trust", "log.txt")
    assert (status, said["record"], said["party"]["id"]) == (0, kept.record, OPERATOR)
    assert kept.verify("out.cbor", "--trust", "trust.txt")[1]["error"]["code"] == "log.quorum"
    status, said = kept.verify("grown.cbor", "--trust", "log.txt", "--since", "kept.txt")
    assert status == 0
    assert said["old"] < said["size"]


def test_what_a_grant_opened_stands_in_the_receipt(kept: Kept) -> None:
    report = verify(kept.read("whole.tlog"), kept.trust)
    assert ASKED.encode() in (report.content("in") or b"")
    assert b"a small answer" in (report.content("out") or b"")
    assert ASKED.encode() not in kept.read("out.tlog")
    assert verify(kept.read("out.tlog"), kept.trust).content("in") is None


def test_other_peoples_tools_read_the_proof_of_one_leaf(kept: Kept) -> None:
    """The specification's four steps with nothing of ours but its parser."""
    read = proof.parse(kept.read("leaf.tlog-proof"))
    assert json.loads(read.extra)["k"] == "open"
    assert kept.trust.check(read.checkpoint).size > read.index


def test_flipped_bytes_are_a_no(kept: Kept) -> None:
    data = kept.read("out.tlog")
    for place in range(0, len(data), max(1, len(data) // 12)):
        (kept.folder / "flipped").write_bytes(data[:place] + bytes([data[place] ^ 1]) + data[place + 1 :])
        assert kept.verify("flipped", "--trust", "trust.txt")[0] == 1, place
