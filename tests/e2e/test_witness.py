# SPDX-License-Identifier: Apache-2.0
"""Two companies, each with a log of its own and a witness for the other's: processes over loopback, as they are run."""

from __future__ import annotations

import contextlib
import json
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.error import HTTPError, URLError
from urllib.request import Request as Ask
from urllib.request import urlopen

import pytest

from answerable.crypto.ed25519 import Key
from answerable.log import checkpoint, trust
from answerable.log import note as notes
from answerable.log.witness import Request, origin_hash, write
from answerable.registry.ids import unassigned_lei
from tests.e2e.places import ANSWERABLE, Place, cli, running
from tests.e2e.scripted_upstream import ScriptedUpstream

NAMES = ("alpha", "beta")
# What a witness is that is killed at one moment: between its state on the disk and its answer.
DYING = """
import os, signal, sys
from answerable.witness import witness
witness.notes.cosign = lambda *_: os.kill(os.getpid(), signal.SIGKILL)
from answerable.cli import main
sys.exit(main(sys.argv[1:]))
"""


@dataclass
class Company:
    """name: of its log's domain. witness: the folder of the witness that it runs for the other."""

    name: str
    store: Path
    witness: Path
    url: str = ""

    @property
    def origin(self) -> str:
        return f"{self.name}.invalid"

    @property
    def trust(self) -> trust.Trust:
        return trust.parse((self.store / "trust.txt").read_bytes())

    @property
    def signer(self) -> Key:
        return Key.load(self.store / "keys" / "log.key", purpose="log")


@contextlib.contextmanager
def witnessing(company: Company, *prefix: str, port: int = 0, clean: bool = True) -> Iterator[subprocess.Popen[str]]:
    words = [*(prefix or ANSWERABLE), "witness", "serve", str(company.witness), "--port", str(port), "--json"]
    process = subprocess.Popen(words, stdout=subprocess.PIPE, text=True)
    try:
        assert process.stdout is not None
        company.url = json.loads(process.stdout.readline())["url"]
        yield process
        process.send_signal(signal.SIGTERM)
        assert process.wait(20) == 0 or not clean
    finally:
        process.kill()
        process.communicate(timeout=20)


def ask(url: str, request: Request) -> tuple[int, bytes]:
    try:
        with urlopen(Ask(url + "/add-checkpoint", data=write(request)), timeout=20) as answer:
            return answer.status, answer.read()
    except HTTPError as error:
        with error:
            return error.code, error.read()


def until(found: Callable[[], Any], seconds: float = 20.0) -> Any:
    end = time.monotonic() + seconds
    while not (value := found()):
        assert time.monotonic() < end, "it did not come"
        time.sleep(0.05)
    return value


@pytest.fixture
def companies(tmp_path: Path) -> tuple[Company, Company]:
    """Each has made its store, its witness, and told the other its keys."""
    made = []
    for name in NAMES:
        store, witness = tmp_path / name, tmp_path / f"{name}-witness"
        operator = unassigned_lei(name)
        cli("init", "--store", str(store), "--domain", f"{name}.invalid", "--operator", operator, "--name", name)
        cli("witness", "init", str(witness), "--name", f"witness.{name}.invalid")
        made.append(Company(name, store, witness))
    one, other = made
    for mine, theirs in ((one, other), (other, one)):
        for key in theirs.trust.logs:
            cli("witness", "watch", str(mine.witness), str(key))
    return one, other


def configured(company: Company, by: Company, **settings: Any) -> Path:
    """The config of a log that the other company's witness has to cosign."""
    vkey = cli("witness", "show", str(by.witness))["vkeys"][1]
    policy = company.store.with_name(f"{company.name}-policy.txt")
    policy.write_text(f"witness {by.name} {vkey}\nquorum {by.name}\n")
    lines = {"policy": f'"{policy}"', "witness_every_s": "0.2", **settings}
    config = company.store.with_name(f"{company.name}.toml")
    config.write_text(
        "[log]\n"
        + "".join(f"{key} = {value}\n" for key, value in lines.items())
        + f'[log.witnesses]\n{by.name} = "{by.url}"\n'
    )
    return config


def serving(company: Company, config: Path, *, clean: bool = True) -> contextlib.AbstractContextManager[Place]:
    return running(("serve", "--port", "0", "--config", str(config)), company.store, clean=clean)


def head(place: Place) -> checkpoint.Checkpoint:
    return checkpoint.parse(place.cli("log", "checkpoint")["note"].encode())[0]


def cosigned(place: Place) -> bytes:
    """The newest cosigned checkpoint, once it covers what was written before this was asked."""
    size = head(place).size

    def newest() -> bytes:
        note: bytes = place.cli("log", "checkpoint")["cosigned"].encode()
        return note if note and checkpoint.parse(note)[0].size >= size else b""

    found: bytes = until(newest)
    return found


def grow(place: Place, company: Company, name: str) -> None:
    operator = unassigned_lei(company.name)
    place.cli("register", "--name", name, "--version", "1", "--kind", "application", "--party", f"{operator}:deployer")


def test_two_companies_watch_each_other(companies: tuple[Company, Company]) -> None:
    one, other = companies
    with witnessing(one), witnessing(other):
        for mine, theirs in ((one, other), (other, one)):
            with serving(mine, configured(mine, theirs)) as place:
                grow(place, mine, "First")
                note = cosigned(place)
                demanded = trust.parse(place.cli("log", "trust")["trust"].encode())
                assert demanded.quorum == theirs.name
                assert demanded.check(note).origin == mine.origin
                assert {each.kind.name for each in demanded.logs} == {"ED25519", "MLDSA"}
                place.cli("log", "checkpoint", "--cosigned")
                with urlopen(f"{theirs.url}/{origin_hash(mine.origin)}/checkpoint", timeout=20) as answer:
                    assert demanded.check(answer.read()).size >= demanded.check(note).size
    for mine, theirs in ((one, other), (other, one)):
        (row,) = cli("witness", "show", str(mine.witness))["logs"]
        assert row["origin"] == theirs.origin
        assert row["size"] > 0
        assert cli("witness", "evidence", str(mine.witness)) == []


def test_a_log_that_shows_two_faces_is_caught_with_both_kept(companies: tuple[Company, Company]) -> None:
    one, other = companies
    with witnessing(other):
        with serving(one, configured(one, other)) as place:
            grow(place, one, "Shown to everybody")
            honest = cosigned(place)
        size = checkpoint.parse(honest)[0].size
        # The operator of the log makes a second history under the same key, and shows it.
        face = checkpoint.sign(one.origin, size, b"\x0b" * 32, one.signer)
        later = checkpoint.sign(one.origin, size + 3, b"\x0c" * 32, one.signer)
        assert ask(other.url, Request(size, (), face))[0] == 422
        assert ask(other.url, Request(size, (bytes(32),), later))[0] == 422
        assert ask(other.url, Request(0, (), face))[0] == 409
        with urlopen(f"{other.url}/{origin_hash(one.origin)}/checkpoint", timeout=20) as answer:
            assert notes.parse(answer.read()).text == notes.parse(honest).text
    entries = cli("witness", "evidence", str(other.witness), expect=1)
    assert [(entry["conclusive"], entry["verified"]) for entry in entries] == [(True, True), (False, True)]
    both = [checkpoint.verify(entries[0][which].encode(), one.trust.logs) for which in ("seen", "shown")]
    assert both[0].size == both[1].size == size
    assert both[0].root != both[1].root == b"\x0b" * 32


def test_a_witness_killed_between_its_state_and_its_answer_signs_no_other_history(
    companies: tuple[Company, Company],
) -> None:
    one, other = companies
    note = checkpoint.sign(one.origin, 1, b"\x01" * 32, one.signer)
    fork = checkpoint.sign(one.origin, 1, b"\x02" * 32, one.signer)
    with witnessing(other, sys.executable, "-c", DYING, clean=False) as process:
        with pytest.raises((ConnectionError, URLError)):
            ask(other.url, Request(0, (), note))
        assert process.wait(20) == -signal.SIGKILL
    with witnessing(other):
        assert ask(other.url, Request(0, (), fork)) == (409, b"1\n")
        assert ask(other.url, Request(1, (), fork))[0] == 422
        status, lines = ask(other.url, Request(1, (), note))
        assert status == 200
        keys = [notes.VerifierKey.parse(text) for text in cli("witness", "show", str(other.witness))["vkeys"]]
        seen = notes.Note(notes.parse(note).text, notes.signatures(lines.decode()))
        assert notes.verified(seen, keys) == tuple(keys)
    (entry,) = cli("witness", "evidence", str(other.witness), expect=1)
    assert (entry["seen"].encode(), entry["shown"].encode()) == (note, fork)


def test_a_witness_that_dies_and_comes_back_is_caught_up_with(companies: tuple[Company, Company]) -> None:
    one, other = companies
    with witnessing(other, clean=False) as process:
        config = configured(one, other)
        port = int(other.url.rsplit(":", 1)[1])
        with serving(one, config) as place:
            cosigned(place)
            process.kill()
            process.wait(20)
            grow(place, one, "While nobody watched")
            size = head(place).size
            with witnessing(other, port=port):
                assert checkpoint.parse(cosigned(place))[0].size >= size
            kept = (one.store.with_name("alpha.guard") / "cosigned").read_bytes()
        with serving(one, config) as place:  # without any witness: what was cosigned is still there
            assert place.cli("log", "checkpoint")["cosigned"].encode() == kept
    assert cli("witness", "evidence", str(other.witness)) == []


def test_a_log_that_went_back_is_stopped_by_what_its_witness_saw(companies: tuple[Company, Company]) -> None:
    """Store and guard are restored from an older copy together: only the witness can know."""
    one, other = companies
    folders = (one.store, one.store.with_name("alpha.guard"))
    for folder in folders:
        shutil.copytree(folder, folder.with_name(folder.name + ".backup"))
    with witnessing(other):
        config = configured(one, other)
        with serving(one, config) as place:
            grow(place, one, "Lost")
            seen = checkpoint.parse(cosigned(place))[0].size
        for folder in folders:
            shutil.rmtree(folder)
            shutil.copytree(folder.with_name(folder.name + ".backup"), folder)
        with serving(one, config, clean=False) as place:
            before = head(place).size
            assert before < seen
            party = f"{unassigned_lei(one.name)}:deployer"
            words = ("--name", "x", "--version", "1", "--kind", "application", "--party", party)
            assert place.cli("register", *words, expect=4)["error"]["code"] == "log.stopped"
            assert head(place).size == before
            assert place.log.read_text().count("store.rolled_back")
    assert cli("witness", "evidence", str(other.witness)) == []


def frontier(place: Place, company: Company) -> None:
    """A registered model of 1e27 FLOP, which is tier 3, and an application that uses it."""
    operator, registrar = unassigned_lei(company.name), unassigned_lei("registrar")
    place.cli("party", "register", "--id", registrar, "--name", "Registrar")
    place.cli("party", "key", registrar, "--registrar")
    place.cli("party", "vouch", operator, "--registrar", registrar)
    common = ("--version", "1", "--party", f"{operator}:deployer")
    facts = ("--petaflop", "1000000000000", "--digest", "sha256:" + "ab" * 32, "--licence", "Apache-2.0")
    made = place.cli("register", "--name", "Big", "--kind", "model", "--capability", "text", *facts, *common)
    assert made["tier"]["tier"] == 3
    place.cli("register", "--name", "App", "--kind", "application", "--uses", "Big", *common)


def test_from_tier_3_on_an_act_waits_until_witnesses_have_seen_it(companies: tuple[Company, Company]) -> None:
    one, other = companies
    with running(("serve", "--port", "0"), one.store) as place:
        frontier(place, one)
    with ScriptedUpstream() as upstream, witnessing(other, clean=False) as witness:
        model = f'[upstreams.mine]\nurl = "{upstream.url}"\nsystem = "Big"\nmodel = "m"\nlocality = "external"\n'
        alone = one.store.with_name("alone.toml")
        alone.write_text(model)
        with serving(one, alone) as place:
            started = place.cli("copy", "endpoint", "App", "--url", "http://127.0.0.1/")
            key = place.cli("handles", "issue", started["id"], "--bind", "cidr:127.0.0.1/32")["value"]
            body = {"model": "auto", "messages": [{"role": "user", "content": "hi"}]}
            refused = place.post("/chat/completions", body, key=key)
            assert (refused.status_code, refused.json()["error"]["code"]) == (403, "log.no_quorum")
            assert place.leaves()[-1]["leaf"]["err"] == "log.no_quorum"
        config = configured(one, other, witness_wait_s="1.5")
        config.write_text(config.read_text() + model)
        with serving(one, config) as place:
            done = place.post("/chat/completions", body, key=key)
            assert done.status_code == 200, done.text
            opened = next(entry for entry in place.leaves() if entry["rid"] in done.json()["id"])
            # What was cosigned when it acted is on the disk: the open leaf is in it.
            note = (one.store.with_name("alpha.guard") / "cosigned").read_bytes()
            seen = trust.parse((one.store / "trust-witnessed.txt").read_bytes()).check(note)
            assert seen.size > opened["index"]
            calls = len(upstream.calls)
            witness.kill()
            witness.wait(20)
            late = place.post("/chat/completions", body, key=key)
            assert (late.status_code, late.json()["error"]["code"]) == (503, "log.unwitnessed")
            assert len(upstream.calls) == calls, "the model was not asked"
            last = place.leaves()[-1]["leaf"]
            assert (last["k"], last["err"], last["st"]) == ("close", "log.unwitnessed", "error")
