# SPDX-License-Identifier: Apache-2.0
from __future__ import annotations

import asyncio
from pathlib import Path
from typing import Any

import msgspec
import pytest

from answerable.app import witnesses as module
from answerable.app.clock import SystemClock
from answerable.app.core import READERS_FILE, TRUST_FILE, log_keys, open_core
from answerable.app.witnesses import Witnesses, addresses, policy
from answerable.config import Config, LogConfig
from answerable.errors import AnswerableError, Refused, Unavailable
from answerable.log import checkpoint, trust
from answerable.log.note import Kind, VerifierKey
from answerable.model.units import Unit
from answerable.net.bind import tcp
from answerable.net.bridge import asgi
from answerable.net.server import Listener
from answerable.telemetry.metrics import Metrics
from answerable.witness.files import Folder
from answerable.witness.server import WitnessApp
from answerable.witness.witness import Witness
from tests.ledger import leaf
from tests.unit.app.small_store import config, made
from tests.witnesses import LOG_KEYS, witness_key
from tests.witnesses import policy as small_policy

POLICY = trust.format(small_policy())


def written(path: Path, data: bytes = POLICY) -> str:
    (path / "policy.txt").write_bytes(data)
    return str(path / "policy.txt")


def of(path: Path, **log: Any) -> Config:
    return Config(log=msgspec.convert(log, LogConfig))


def refused(call: Any, *args: Any) -> str:
    with pytest.raises(AnswerableError) as caught:
        call(*args)
    return f"{caught.value.code} {caught.value.params.get('detail', '')}"


def test_the_policy_of_readers_has_our_keys_and_their_quorum(tmp_path: Path) -> None:
    assert policy(Config(), LOG_KEYS) is None
    read = policy(of(tmp_path, policy=written(tmp_path)), LOG_KEYS)
    assert read is not None
    assert (read.logs, read.quorum, len(read.witnesses)) == (LOG_KEYS, "all", 3)


def test_what_is_no_policy_is_no_start(tmp_path: Path) -> None:
    assert "log.policy" in refused(policy, of(tmp_path, witnesses={"a": "http://a"}), LOG_KEYS)
    assert "No such file" in refused(policy, of(tmp_path, policy=str(tmp_path / "none")), LOG_KEYS)
    assert "quorum is none" in refused(policy, of(tmp_path, policy=written(tmp_path, b"quorum none\n")), LOG_KEYS)
    assert "policy.txt: line 1: a rule" in refused(
        policy, of(tmp_path, policy=written(tmp_path, b"rubbish\n")), LOG_KEYS
    )
    own = VerifierKey.of("me.invalid", LOG_KEYS[0].public, Kind.COSIGNATURE)
    text = f"witness me {own}\nquorum me\n".encode()
    assert "own witness" in refused(policy, of(tmp_path, policy=written(tmp_path, text)), LOG_KEYS)


async def test_addresses_of_a_quorum_are_needed(tmp_path: Path) -> None:
    read = small_policy()
    two = {"a": "http://127.0.0.1:1", "b": "http://127.0.0.1:2"}
    assert set(addresses(of(tmp_path, witnesses=two), read)) == {"a", "b"}
    assert "missing" in refused(addresses, of(tmp_path, witnesses={"a": "http://127.0.0.1:1"}), read)
    assert "no witness" in refused(addresses, of(tmp_path, witnesses=two | {"d": "http://127.0.0.1:1"}), read)
    assert "upstream.address" in refused(addresses, of(tmp_path, witnesses=two | {"c": "ftp://x"}), read)
    assert "ca_file" in refused(addresses, of(tmp_path, witnesses=two, witness_ca_file=str(tmp_path / "none")), read)


async def test_names_behind_one_address_share_a_line(tmp_path: Path) -> None:
    lines = addresses(of(tmp_path, witnesses=dict.fromkeys("abc", "http://127.0.0.1:1")), small_policy())
    assert len(set(map(id, lines.values()))) == 1


class Company:
    """Runs a witness, in this process, over loopback."""

    def __init__(self, path: Path) -> None:
        self.folder = Folder.create(path, "watcher.invalid")
        self.app = WitnessApp(Witness(self.folder, SystemClock().now_ms))
        self.listener = Listener(asgi(self.app), tcp("127.0.0.1", 0, tls=False), grace=1)

    @property
    def vkey(self) -> VerifierKey:
        return self.folder.keys().verifiers[1]

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.listener.port}"

    async def close(self) -> None:
        await self.listener.close()
        await self.app.close()


async def test_a_store_with_a_witness(tmp_path: Path) -> None:
    """From a store without one to a record that waited for its cosignature, over a restart."""
    company = Company(tmp_path / "w")
    await company.listener.start()
    core = await made(tmp_path)
    with pytest.raises(Refused, match=r"log\.no_quorum"):
        await core.ledger.commit(Unit(leaves=(leaf(),), witnessed=True))
    for key in log_keys(core.keys, core.origin):
        company.folder.watch(str(key))
    assert not (tmp_path / "store" / READERS_FILE).exists()
    await core.close()
    text = f"witness w {company.vkey}\nquorum w\n".encode()
    flags = {"log__policy": written(tmp_path, text), "log__witnesses": {"w": company.url}}
    for _ in range(2):
        core = await open_core(config(tmp_path, **flags))
        committed = await core.ledger.commit(Unit(leaves=(leaf(),), witnessed=True))
        readers = trust.parse((tmp_path / "store" / READERS_FILE).read_bytes())
        assert readers.quorum == "w"
        assert readers.check(core.ledger.cosigned()).size > committed.first
        note, _ = await core.reader.prove_all([], cosigned=True)
        assert readers.check(note)
        assert core.witnesses is not None
        assert (core.witnesses.problem, core.witnesses.problems) == ("", {"w": ""})
        metrics = Metrics()
        core.witnesses.measure(metrics.gauge)
        assert f"answerable_log_cosigned_size {readers.check(note).size}" in metrics.render().decode()
        await core.close()
    # Without the config it goes on as before, and readers are not told of a quorum that nobody asks any more.
    core = await open_core(config(tmp_path))
    assert not (tmp_path / "store" / READERS_FILE).exists()
    await core.close()
    await company.close()


async def test_a_witness_that_is_away_keeps_nobody_from_starting(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "START_S", 0.05)
    monkeypatch.setattr(module, "LATE_ROUNDS", 1)
    text = f"witness w {witness_key('a')}\nquorum w\n".encode()
    await (await made(tmp_path)).close()
    flags = {"log__policy": written(tmp_path, text), "log__witnesses": {"w": "http://127.0.0.1:9"}}
    more = {"log__witness_every_s": 0.02, "log__witness_wait_s": 0.1}
    core = await open_core(config(tmp_path, **flags, **more))
    await core.ledger.commit(Unit(leaves=(leaf(),)))
    with pytest.raises(Unavailable, match=r"log\.unwitnessed"):
        await core.ledger.commit(Unit(leaves=(leaf(),), witnessed=True))
    await asyncio.sleep(0.05)
    assert core.witnesses is not None
    assert core.witnesses.problem == "log.unwitnessed"
    assert core.witnesses.problems == {"w": "witness.unreachable"}
    await core.close()


async def test_an_older_copy_of_a_store_is_not_signed_for(tmp_path: Path) -> None:
    """The guard went back with the store; the witness did not."""
    import shutil

    company = Company(tmp_path / "w")
    await company.listener.start()
    core = await made(tmp_path)
    for key in log_keys(core.keys, core.origin):
        company.folder.watch(str(key))
    await core.close()
    for name in ("store", "store.guard"):
        shutil.copytree(tmp_path / name, tmp_path / "backup" / name)
    text = f"witness w {company.vkey}\nquorum w\n".encode()
    flags = {"log__policy": written(tmp_path, text), "log__witnesses": {"w": company.url}}
    core = await open_core(config(tmp_path, **flags))
    await core.ledger.commit(Unit(leaves=(leaf(),), witnessed=True))
    await core.close()
    for name in ("store", "store.guard"):
        shutil.rmtree(tmp_path / name)
        shutil.copytree(tmp_path / "backup" / name, tmp_path / name)
    core = await open_core(config(tmp_path, **flags))
    assert core.ledger.failure is not None
    assert core.ledger.failure.code == "store.rolled_back"
    assert core.signer is None  # nor is a COSE receipt signed over it
    with pytest.raises(Unavailable, match=r"log\.stopped"):
        await core.ledger.commit(Unit(leaves=(leaf(),)))
    await core.close()
    await company.close()


async def test_the_trust_file_of_a_store_of_before_gets_the_second_key(tmp_path: Path) -> None:
    core = await made(tmp_path)
    one, other = log_keys(core.keys, core.origin)
    await core.close()
    file = tmp_path / "store" / TRUST_FILE
    assert trust.parse(file.read_bytes()).logs == (one, other)
    file.write_text(f"log {one} https://log.example.com\nquorum none\n")
    core = await open_core(config(tmp_path))
    published = await core.ledger.published()
    await core.close()
    again = trust.parse(file.read_bytes())
    assert (again.logs, again.urls) == ((one, other), {str(one): "https://log.example.com"})
    assert checkpoint.verify(published, [other]).size > 0


async def test_no_witnesses_without_a_policy(tmp_path: Path) -> None:
    assert await Witnesses.of(Config(), LOG_KEYS, SystemClock()) is None
