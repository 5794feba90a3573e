# SPDX-License-Identifier: Apache-2.0
from __future__ import annotations

import base64
import hashlib
import json
from typing import Any

import msgspec
import pytest
import rfc8785
from hypothesis import given
from hypothesis import strategies as st

from answerable.errors import VerificationError
from answerable.log.leaf import MAX_LEAF, OpenForm, decode, encode, encode_own, is_rid, leaf_hash, rid, rid_of
from answerable.model.leaves import KINDS, CloseLeaf, Commitments, Leaf, OpenLeaf, PluginLeaf, RefusalsLeaf
from tests.small_log import every_kind

LEAVES = every_kind()


def close(**members: Any) -> CloseLeaf:
    return CloseLeaf(**{"n": "n", "open": "o", "st": "done", "t": 1, **members})


def code(value: Any, **options: Any) -> str:
    with pytest.raises(VerificationError) as caught:
        decode(value) if isinstance(value, bytes) else encode(value, **options)
    return caught.value.code


def test_every_kind_has_a_sample() -> None:
    assert {leaf.k for leaf in LEAVES} == set(KINDS)  # type: ignore[attr-defined]


@pytest.mark.parametrize("leaf", LEAVES, ids=lambda leaf: leaf.k)
def test_a_leaf_reads_back_and_is_rfc_8785(leaf: Leaf) -> None:
    data = encode(leaf)
    assert decode(data) == leaf
    assert data == rfc8785.dumps(json.loads(data))


@pytest.mark.parametrize("kind", KINDS.values(), ids=KINDS)
def test_fields_are_declared_in_the_order_of_the_wire(kind: type[Leaf]) -> None:
    names = kind.__struct_encode_fields__
    assert list(names) == sorted(names)
    assert {"k", "n", "t", "v", "x"} <= set(names)


@given(st.binary(max_size=200))
def test_hash_and_id_are_those_of_the_specification(data: bytes) -> None:
    digest = hashlib.sha256(b"\x00" + data).digest()
    assert leaf_hash(data) == digest
    assert rid(data) == rid_of(digest) == base64.b32encode(digest[:20]).decode().lower()
    assert is_rid(rid(data))


@pytest.mark.parametrize("text", ["", "a" * 31, "a" * 33, "A" * 32, "1" * 32])
def test_what_is_no_id(text: str) -> None:
    assert not is_rid(text)


@pytest.mark.parametrize(
    "leaf",
    [
        close(t=1.0),
        close(t=-1),
        close(t=2**53),
        close(t="1"),
        close(n="\ud800"),
        close(n=object()),
        close(st=None),
        close(v=2),
        close(k="open"),
        close(x={"a": 0.5}),
        close(x={"a": 2**53}),
        close(x={"é": 1}),
        close(x={"a": [[[[[[[[[1]]]]]]]]]}),
        close(x={"a": {"b": {"c": {"d": {"e": {"f": {"g": {"h": {}}}}}}}}}),
        RefusalsLeaf(n="n", num={"é": 1}, t=1, t0=0),
        RefusalsLeaf(n="n", num={"handle.unknown": -1}, t=1, t0=0),
        RefusalsLeaf(n="n", num={"handle.unknown\n": 1}, t=1, t0=0),
    ],
)
def test_what_no_reader_would_take_is_never_written(leaf: Leaf) -> None:
    assert code(leaf) == "log.leaf"


def test_extensions_are_kept_and_sorted() -> None:
    leaf = close(x={"b.c": [True, None, "é", -1], "a.b": {"z": 1, "y": 2}})
    assert b'"x":{"a.b":{"y":2,"z":1},"b.c":[true,null,"\xc3\xa9",-1]}' in encode(leaf)
    assert decode(encode(leaf)) == leaf


def test_sizes() -> None:
    def of(size: int) -> PluginLeaf:
        empty = PluginLeaf(dig="", n="n", name="", port="p", t=1, ver="1")
        return msgspec.structs.replace(empty, name="x" * (size - len(encode(empty))))

    assert len(encode(of(4096))) == 4096
    assert code(of(4097)) == "log.oversized"
    assert len(encode(of(MAX_LEAF), limit=MAX_LEAF)) == MAX_LEAF
    assert code(of(MAX_LEAF + 1), limit=10**9) == "log.oversized"
    assert code(b" " * (MAX_LEAF + 1)) == "log.oversized"


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"{",
        b"[]",
        b"{}",
        b'{"k":1}',
        b'{"k":"none"}',
        b"\xff",
        b"[" * 60_000,
        b'{"k":"close","x":' + b"[" * 60_000,
    ],
)
def test_what_is_no_leaf(data: bytes) -> None:
    assert code(data) == "log.leaf"


def test_errors_never_quote_what_they_read() -> None:
    with pytest.raises(VerificationError) as caught:
        decode(b'{"k":"close","ans_secret":1}')
    assert "ans_secret" not in str(caught.value)


@pytest.mark.parametrize("leaf", [leaf for leaf in LEAVES if isinstance(leaf, OpenLeaf | CloseLeaf)])
def test_the_path_writes_its_own_leaves_as_everyone_does(leaf: OpenLeaf | CloseLeaf) -> None:
    assert encode_own(leaf) == encode(leaf)


@pytest.mark.parametrize(("err", "code"), [("\ud800", "log.leaf"), ("x" * 5000, "log.oversized")])
def test_the_path_writes_no_leaf_that_is_none(err: str, code: str) -> None:
    with pytest.raises(VerificationError) as caught:
        encode_own(close(err=err))
    assert caught.value.code == code


def opening(**members: Any) -> OpenLeaf:
    leaf = next(leaf for leaf in LEAVES if isinstance(leaf, OpenLeaf))
    plain = msgspec.structs.replace(leaf, par=[], pri=msgspec.UNSET, err=msgspec.UNSET)
    return msgspec.structs.replace(plain, **members)


@pytest.mark.parametrize("now", [0, 1_763_782_764_123, 2**53 - 1])
def test_a_form_writes_what_encoding_writes(now: int) -> None:
    form = OpenForm(opening())
    for asked, nonce in (("a" * 43, "b" * 22), ("A_-9" * 10 + "xyz", "0" * 22)):
        leaf = opening(c=Commitments(in_=asked), n=nonce, t=now)
        assert form.fill(asked, nonce, now) == encode(leaf)


@pytest.mark.parametrize(
    "more", [{"pri": "p"}, {"par": ["r"]}, {"err": "stop.system"}, {"rule": "@probe@"}, {"pol": str(2**53 - 1)}]
)
def test_there_is_no_form_for_leaves_that_differ_in_more(more: dict[str, Any]) -> None:
    with pytest.raises(VerificationError):
        OpenForm(opening(**more))
