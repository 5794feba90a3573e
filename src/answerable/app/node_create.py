# SPDX-License-Identifier: Apache-2.0
"""Making a gateway node's store, and joining it to the control plane that enrolled it.

A node has keys of its own: its log's, its own name's, those of the copies that it serves. It has no issuer's key and
registers nothing: what it knows of the registry it is told.
"""

from __future__ import annotations

from pathlib import Path
from typing import Final

from answerable import durable
from answerable.app import keys as own_keys
from answerable.app.beginning import begin, log_key, sign_first
from answerable.app.core import TRUST_FILE, check_socket
from answerable.app.node_card import CARD_FILE, REQUEST_FILE, Card, NodeRequest, parse_card, read_request, write
from answerable.config import Config
from answerable.crypto.b64 import b64u
from answerable.crypto.ed25519 import Key
from answerable.crypto.random import nonce
from answerable.errors import Refused, VerificationError
from answerable.log.leaf import is_rid
from answerable.log.note import VerifierKey
from answerable.log.statement import to_sign
from answerable.model.records import Party
from answerable.model.terms import PartyKind, Standing
from answerable.registry import nodes
from answerable.registry.nodes import EnrolNode

KEY_FILE: Final = "node.key"
PURPOSE: Final = "node"


def node_key(store: Path) -> Key:
    """Raises Refused ``log.key``, Unavailable ``store.failed``."""
    return Key.load(store / own_keys.FOLDER / KEY_FILE, purpose=PURPOSE)


async def create_node(config: Config, *, domain: str, name: str, party: str, origin: str = "") -> NodeRequest:
    """A new node's store, with the request that its control plane is shown.

    domain: the control plane's; name: of this gateway; party: record id of who answers for what it records; origin: of
    its own log, ``<name>.<domain>`` if not told. Raises Refused ``store.exists``, ``node.name``, ``config.value``,
    Unavailable ``store.*``.
    """
    path = config.store_path
    origin = origin or f"{name}.{domain}"
    if not nodes.fits(name):
        raise Refused("node.name", name=name)
    if not is_rid(party):
        raise Refused("config.value", detail="--party: a record id, as `answerable party ls` shows it")
    try:
        VerifierKey.of(origin, bytes(32))
    except VerificationError:
        raise Refused("config.value", detail=f"{origin!r} is no origin of a log") from None
    check_socket(config)
    core = await begin(config, origin)
    key = Key.generate()
    try:
        key.save(path / own_keys.FOLDER / KEY_FILE, purpose=PURPOSE)
        await sign_first(core, (log_key(core),), {})
        durable.replace(path / TRUST_FILE, core.trust, 0o644)
    finally:
        await core.close()
    request = _request(key, domain, name, party, str(VerifierKey.of(origin, core.keys.log.public)))
    write(path / REQUEST_FILE, request)
    durable.sync(path)
    return request


def join(store: Path, data: bytes) -> Card:
    """Keep the card that the control plane gave, if it is for this node. Raises Refused ``node.card``."""
    card = parse_card(data)
    request = read_request(store / REQUEST_FILE)
    if (card.domain, card.name) != (request.domain, request.name):
        raise Refused("node.card", detail=f"it is for {card.name} of {card.domain}")
    write(store / CARD_FILE, card)
    durable.sync(store)
    return card


def _request(key: Key, domain: str, name: str, party: str, log: str) -> NodeRequest:
    draft = EnrolNode(party=party, name=name, key=b64u(key.public), log=log, nonce=nonce(), signature="")
    # The key leaf names the party by its record id and nothing else of it.
    answers = Party(rid=party, id="", kind=PartyKind.ORG, name="", standing=Standing.DECLARED, since=0)
    signature = b64u(key.sign(to_sign(nodes.enrol_statement(answers, draft), domain)))
    return NodeRequest(
        domain=domain, name=name, party=party, key=draft.key, log=log, nonce=draft.nonce, signature=signature
    )
