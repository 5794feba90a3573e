# SPDX-License-Identifier: Apache-2.0
"""Two small files by which a gateway node and its control plane get to know each other.

The node's *request* goes to the control plane: its name, its key with a signature by it, its log's verifier key. The
*card* comes back: whose registry it is, and the public keys that are pinned at the node. Neither holds a secret; who
carries them must not be able to change them unseen, so both are short and can be read out.
"""

from __future__ import annotations

from pathlib import Path
from typing import Final, TypeVar

import msgspec

from answerable import durable
from answerable.admission.trust import Trust
from answerable.crypto.b64 import unb64u
from answerable.errors import Refused, VerificationError
from answerable.log.note import VerifierKey
from answerable.registry import nodes

CARD_FILE: Final = "control-plane.json"
REQUEST_FILE: Final = "node-request.json"
MAX_FILE: Final = 1 << 20

Kind = TypeVar("Kind", "Card", "NodeRequest")


class NodeRequest(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """party: id of the party that answers for the node's records, as it is registered at the control plane, with rid:
    the record id of that party. Signed over the key leaf (`registry.nodes.enrol_statement`)."""

    domain: str
    name: str
    party: str
    key: str
    log: str
    nonce: str
    signature: str


class Card(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """node: rid of the node's key leaf; name: in its audience; origin: of the registry's log; logs: its verifier keys;
    issuer, kid, issuer_key: who signs warrants and answers; pulses: kid -> key; officers: rid of the key leaf -> key;
    authorities: their keys by the name that their signatures carry; named: which authority a key of theirs belongs to,
    itself where that is not said. Keys are base64url of 32 bytes."""

    v: int
    domain: str
    origin: str
    name: str
    node: str
    logs: tuple[str, ...]
    issuer: str
    kid: str
    issuer_key: str
    pulses: dict[str, str] = {}
    officers: dict[str, str] = {}
    authorities: dict[str, str] = {}
    named: dict[str, str] = {}

    @property
    def audience(self) -> str:
        return f"spiffe://{self.domain}/gateway/{self.name}"

    @property
    def public(self) -> bytes:
        return unb64u(self.issuer_key)

    def trust(self) -> Trust:
        """Whose word the node takes."""
        return Trust(
            origin=self.origin,
            issuers={self.kid: self.public},
            pulses={kid: unb64u(key) for kid, key in self.pulses.items()},
            officers={kid: unb64u(key) for kid, key in self.officers.items()},
            authorities={kid: unb64u(key) for kid, key in self.authorities.items()},
            named=self.named,
        )


def read_card(store: Path) -> Card:
    """The card in a node's store. Raises Refused ``node.card``."""
    return parse_card(_bytes(store / CARD_FILE))


def parse_card(data: bytes) -> Card:
    """Raises Refused ``node.card`` for what is none."""
    card = _decoded(data, Card)
    if card.v != 1:
        raise Refused("node.card", detail="a version that does not exist")
    keys = (card.issuer_key, *card.pulses.values(), *card.officers.values(), *card.authorities.values())
    try:
        good = bool(card.logs) and all(len(unb64u(key)) == 32 for key in keys)
        for key in card.logs:
            VerifierKey.parse(key)
    except VerificationError:
        good = False
    if not good:
        raise Refused("node.card", detail="its keys")
    return card


def read_request(path: Path) -> NodeRequest:
    """Raises Refused ``node.card`` for what is no node's request."""
    return _decoded(_bytes(path), NodeRequest)


def is_node(store: Path) -> bool:
    """Whether the store is a gateway node's, joined to a control plane or not yet."""
    return (store / REQUEST_FILE).is_file()


def write(path: Path, value: Card | NodeRequest) -> None:
    """Whole or not at all. Raises OSError."""
    durable.write(path, msgspec.json.format(msgspec.json.encode(value)) + b"\n", 0o644)


def enrolment(request: NodeRequest) -> nodes.EnrolNode:
    """What the control plane is asked."""
    return nodes.EnrolNode(
        party=request.party,
        name=request.name,
        key=request.key,
        log=request.log,
        nonce=request.nonce,
        signature=request.signature,
    )


def _bytes(path: Path) -> bytes:
    try:
        with path.open("rb") as file:
            data = file.read(MAX_FILE + 1)
    except OSError as error:
        raise Refused("node.card", detail=f"{path.name}: {error.strerror or 'not readable'}") from None
    if len(data) > MAX_FILE:
        raise Refused("node.card", detail=f"{path.name}: longer than {MAX_FILE} bytes")
    return data


def _decoded(data: bytes, kind: type[Kind]) -> Kind:
    try:
        return msgspec.json.decode(data, type=kind)
    except (msgspec.MsgspecError, UnicodeError) as error:
        raise Refused("node.card", detail=str(error)[:200]) from None
