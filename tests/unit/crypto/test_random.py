# SPDX-License-Identifier: Apache-2.0
from __future__ import annotations

import os
from concurrent.futures import ThreadPoolExecutor

import pytest

from answerable.crypto import random as module
from answerable.crypto.b64 import unb64u
from answerable.crypto.random import BASE32, leaf_nonce, nonce, opaque_id, salt, salts, spread


def test_lengths_and_alphabets() -> None:
    assert len(unb64u(nonce())) == len(unb64u(leaf_nonce())) == 16
    assert len(salt()) == 32
    assert len(opaque_id()) == 26
    assert set(opaque_id()) <= set(BASE32)


def test_nonces_that_were_drawn_together_are_each_the_encoding_of_16_bytes() -> None:
    drawn = module._nonces()
    assert len(set(drawn)) == len(drawn) == 256
    assert all(len(unb64u(each)) == 16 for each in drawn)


def test_nothing_comes_twice() -> None:
    for make in (nonce, leaf_nonce, salt, opaque_id, spread):
        assert len({make() for _ in range(500)}) == 500


def test_every_place_of_an_id_varies() -> None:
    ids = [opaque_id() for _ in range(500)]
    assert all(len({text[place] for text in ids}) == 32 for place in range(26))


def test_a_forked_process_draws_anew() -> None:
    leaf_nonce()
    read, write = os.pipe()
    if (child := os.fork()) == 0:
        os.write(write, leaf_nonce().encode())
        os._exit(0)
    os.waitpid(child, 0)
    theirs = os.read(read, 32).decode()
    assert len(theirs) == 22
    assert theirs not in {leaf_nonce() for _ in range(300)}


def test_a_restored_snapshot_draws_no_secret_again() -> None:
    """What memory holds comes again; only the nonces of leaves may lie there."""
    snapshot = list(module._drawn)
    before = {make() for make in (nonce, salt, opaque_id, spread)}
    module._drawn[:] = snapshot
    assert before.isdisjoint({make() for make in (nonce, salt, opaque_id, spread)})
    assert module._drawn == snapshot, "none of them takes from what was drawn in advance"


def test_threads_never_share_a_piece() -> None:
    with ThreadPoolExecutor(4) as threads:
        drawn = list(threads.map(lambda _: leaf_nonce(), range(4000)))
    assert len(set(drawn)) == 4000


def test_two_salts_are_two() -> None:
    drawn = [*salts(), *salts()]
    assert {len(each) for each in drawn} == {32}
    assert len(set(drawn)) == 4


def test_a_spread_reaches_all_of_the_unit_and_never_its_end(monkeypatch: pytest.MonkeyPatch) -> None:
    drawn = [spread() for _ in range(4000)]
    assert all(0 <= each < 1 for each in drawn)
    assert {int(each * 8) for each in drawn} == set(range(8))
    monkeypatch.setattr(module, "urandom", lambda count: b"\xff" * count)
    assert 0.999 < spread() < 1
    monkeypatch.setattr(module, "urandom", bytes)
    assert spread() == 0
