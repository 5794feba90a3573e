# SPDX-License-Identifier: Apache-2.0
"""`docs/spec/{order,pulse,stop-receipt}.md`: the code does what the vectors say, and the vectors hold by the pages' own
words, checked without the code's reader; the pages name every member and every code."""

from __future__ import annotations

import base64
import hashlib
import json
from pathlib import Path
from typing import Any

import pytest
import rfc8785
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

from answerable.admission import orders, pulse, receipts
from answerable.admission.trust import Trust
from answerable.errors import CATALOGUE, AnswerableError

SPEC = Path(__file__).parents[2] / "docs" / "spec"
PAGES = {name: (SPEC / f"{name}.md").read_text("utf-8") for name in ("order", "pulse", "stop-receipt", "warrant")}
ORDER, PULSE, RECEIPT = (
    json.loads((SPEC / "vectors" / f"{name}.json").read_text("utf-8")) for name in ("order", "pulse", "stop-receipt")
)


def plain(text: str) -> bytes:
    return base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))


def keys(told: dict[str, str]) -> dict[str, bytes]:
    return {kid: plain(text) for kid, text in told.items()}


def trust(name: str) -> Trust:
    told = ORDER["trusts"][name]
    return Trust(
        ORDER["origin"],
        issuers=keys(told["issuers"]),
        officers=keys(told["officers"]),
        authorities=keys(told["authorities"]),
    )


def signed(domain: str, whole: dict[str, Any]) -> bytes:
    rest = {name: value for name, value in whole.items() if name != "sig"}
    return b"\x00".join([domain.encode(), whole["origin"].encode(), rfc8785.dumps(rest)])


def rid(leaf: bytes) -> str:
    return base64.b32encode(hashlib.sha256(b"\x00" + leaf).digest()[:20]).decode().lower()


@pytest.mark.parametrize("case", ORDER["good"], ids=lambda case: case["name"])
def test_an_order_message_tells_each_reader_what_its_signers_vouch_for(case: dict[str, Any]) -> None:
    data = case["message"].encode()
    for name, expected in case["told"].items():
        if isinstance(expected, str):
            with pytest.raises(AnswerableError) as error:
                orders.read(data, trust(name))
            assert error.value.code == expected
            continue
        told = orders.read(data, trust(name))
        found = {member: getattr(told.stop, member) for member in ("rid", "kind", "scope", "root", "num", "until")}
        found |= {"twins": list(told.stop.twins), "released": told.stop.released}
        found |= {"epoch": told.epoch, "changed": told.changed, "by": told.by, "authority": told.authority}
        assert found == expected


@pytest.mark.parametrize("case", ORDER["good"], ids=lambda case: case["name"])
def test_an_order_message_by_the_words_of_the_page(case: dict[str, Any]) -> None:
    whole = json.loads(case["message"])
    assert rfc8785.dumps(whole) == case["message"].encode()
    assert all(f"`{member}`" in PAGES["order"] for member in whole)
    leaf = plain(whole["leaf"])
    said = case["told"]["all"]
    assert rid(leaf) == said["rid"]
    if whole["subject"]:
        assert rid(plain(whole["subject"])) == json.loads(leaf)["root"] == said["root"]
        assert json.loads(plain(whole["subject"]))["num"] == whole["num"]
    if whole["sig"]:
        issuer = Ed25519PublicKey.from_public_bytes(plain(ORDER["trusts"]["issuer"]["issuers"][whole["kid"]]))
        issuer.verify(plain(whole["sig"]), signed("answerable/order-message/v1", whole))
        with pytest.raises(InvalidSignature):
            issuer.verify(plain(whole["sig"]), signed("answerable/order-message/v1", {**whole, "twins": [77]}))


def test_the_stop_root_by_the_words_of_the_page() -> None:
    for case in ORDER["roots"]:
        names = sorted(name for name, epoch in case["orders"] if 0 < epoch <= case["epoch"])
        assert hashlib.sha256("".join(f"{name}\n" for name in names).encode()).hexdigest() == case["root"]


@pytest.mark.parametrize("case", ORDER["bad"], ids=lambda case: case["name"])
def test_bad_order_messages(case: dict[str, Any]) -> None:
    with pytest.raises(AnswerableError) as error:
        orders.read(case["message"].encode(), trust("issuer"))
    assert error.value.code == case["code"]


@pytest.mark.parametrize("case", PULSE["good"], ids=lambda case: case["name"])
def test_a_pulse(case: dict[str, Any]) -> None:
    whole = json.loads(case["pulse"])
    assert rfc8785.dumps(whole) == case["pulse"].encode()
    assert all(f"`{member}`" in PAGES["pulse"] for member in whole)
    Ed25519PublicKey.from_public_bytes(plain(PULSE["pulses"][whole["kid"]])).verify(
        plain(whole["sig"]), signed("answerable/pulse/v1", whole)
    )
    read = pulse.read(case["pulse"].encode(), Trust(PULSE["origin"], pulses=keys(PULSE["pulses"])))
    assert (read.seq, read.at, read.valid_for, read.epoch, read.stop_root) == tuple(
        whole[member] for member in ("seq", "at", "valid_for", "epoch", "stop_root")
    )
    assert [json.loads(each) for each in read.delta] == whole["delta"]


@pytest.mark.parametrize("case", PULSE["bad"], ids=lambda case: case["name"])
def test_bad_pulses(case: dict[str, Any]) -> None:
    with pytest.raises(AnswerableError) as error:
        pulse.read(case["pulse"].encode(), Trust(PULSE["origin"], pulses=keys(PULSE["pulses"])))
    assert error.value.code == case["code"]


@pytest.mark.parametrize("case", RECEIPT["good"], ids=lambda case: case["name"])
def test_a_receipt_and_its_leaf(case: dict[str, Any]) -> None:
    whole, leaf = json.loads(case["receipt"]), json.loads(case["leaf"])
    assert rfc8785.dumps(whole) == case["receipt"].encode()
    assert all(f"`{member}`" in PAGES["stop-receipt"] for member in whole)
    body = {name: value for name, value in leaf.items() if name not in ("sig", "t")}
    statement = b"\x00".join([b"answerable/receipt/v1", RECEIPT["origin"].encode(), rfc8785.dumps(body)])
    holder = Ed25519PublicKey.from_public_bytes(plain(RECEIPT["holders"][whole["holder"]]))
    holder.verify(plain(leaf["sig"]), statement)
    assert (leaf["sig"], leaf["own"], leaf["last"], leaf["rcv"], leaf["fly"], leaf["st"]) == (
        whole["sig"], whole["holder"], whole["t_last_action"], whole["t_received"], whole["in_flight"],
        whole["stop_state"],
    )  # fmt: skip
    receipts.read(case["receipt"].encode(), keys(RECEIPT["holders"]), RECEIPT["origin"])


@pytest.mark.parametrize("case", RECEIPT["bad"], ids=lambda case: case["name"])
def test_bad_receipts(case: dict[str, Any]) -> None:
    with pytest.raises(AnswerableError) as error:
        receipts.read(case["receipt"].encode(), keys(RECEIPT["holders"]), RECEIPT["origin"])
    assert error.value.code == case["code"]


def test_the_pages_name_what_is_refused() -> None:
    text = "".join(PAGES.values())
    admission = {"order.malformed", "order.untrusted", "order.origin", "order.subject", "order.receipt"}
    admission |= {"order.backwards", "clock.unsynchronised"}
    admission |= {f"pulse.{word}" for word in ("malformed", "forged", "origin", "replayed", "future", "missing")}
    admission |= {"pulse.stale", "pulse.root"}
    assert admission <= set(CATALOGUE)
    assert [code for code in sorted(admission) if f"`{code}`" not in text] == []
