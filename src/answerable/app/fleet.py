# SPDX-License-Identifier: Apache-2.0
"""The demo's fleet: small, and honest about itself.

Two organisations answer, with well-formed identifiers from ranges that nobody assigns; a registrar vouches for them.
The base model, its quantized derivative (the one that runs, by its real digest), an application and an agent that use
it.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from pathlib import Path
from typing import Final
from urllib.parse import urlsplit

from answerable.app import demo_agent, demo_buyer, demo_chat, demo_desk
from answerable.app.core import Core
from answerable.app.people import FOLDER, read
from answerable.crypto.b64 import b64u
from answerable.crypto.ed25519 import Key
from answerable.crypto.random import nonce, salt
from answerable.log.statement import to_sign
from answerable.model.terms import Audience, Criticality, Locality, Relation, Role, SystemKind
from answerable.registry import find, keys, parties, systems
from answerable.registry.ids import unassigned_lei, unassigned_uscc
from answerable.registry.requests import (
    ComputeSpec,
    EdgeSpec,
    EnrolKey,
    OpaqueSpec,
    PartySpec,
    RegisterParty,
    RegisterSystem,
    VouchParty,
)
from answerable.upstreams.weights import E5_SMALL, SMOLLM2

DOMAIN: Final = "demo.invalid"
OPERATOR: Final = unassigned_uscc("operator")
OPERATOR_NAME: Final = "Demo Operator Ltd (invented)"
MAKER: Final = unassigned_lei("maker")
REGISTRAR: Final = unassigned_lei("registrar")

BASE: Final = "SmolLM2-135M-Instruct"
MODEL: Final = "SmolLM2-135M-Instruct-Q4_1"
EMBEDDER: Final = "multilingual-e5-small-4bit"
APPLICATION: Final = "Demo assistant"
AGENT: Final = "Demo agent"
BUYER: Final = "Demo buyer"
DESK: Final = "Demo desk"
# As the model card of SmolLM2-135M says: parameters, and tokens of training.
PARAMETERS: Final = 134_515_008
TOKENS: Final = 2_000_000_000_000


@dataclass(frozen=True, slots=True)
class Remote:
    """A model that the reader names. It tells no digest, so it is registered as opaque (`docs/spec/leaves.md`).

    url: base URL; model: what the server there calls it; key_file: path of a file with the API key, or "".
    """

    url: str
    model: str
    key_file: str
    locality: Locality

    @property
    def name(self) -> str:
        return self.model

    @property
    def system(self) -> RegisterSystem:
        return RegisterSystem(
            name=self.name,
            version="1",
            kind=SystemKind.MODEL,
            # Who made it is not ours to say: its provider stands in the opaque identity, the operator answers here.
            parties=(PartySpec(party=OPERATOR, role=Role.DEPLOYER),),
            capabilities=("text",),
            licence="unknown",
            opaque=OpaqueSpec(
                provider=urlsplit(self.url).hostname or "unknown",
                endpoint=self.url,
                model=self.model,
                version="unknown",
            ),
            upstream="remote",
            locality=self.locality,
        )


async def register(core: Core, remote: Remote | None = None) -> None:
    """Register what is not there yet: a first start that was interrupted is finished by the next. remote: the reader's
    own model, served in place of the local one."""
    admin = read(core.config.store_path / FOLDER / "admin.json").kid
    for party, name in (
        (MAKER, "Demo Weights Lab (invented)"),
        (REGISTRAR, "Demo Registrar (invented)"),
    ):
        if core.book.party(party) is None:
            await core.commit(parties.register(core.book, RegisterParty(id=party, name=name), core.now))
    await _vouch(core, admin)
    for request in (*_systems(), *((remote.system,) if remote else ())):
        if core.book.system(request.name) is None:
            await core.commit(systems.register(core.book, request, core.now))


def names(remote: Remote | None = None) -> tuple[str, ...]:
    return (*(request.name for request in _systems()), *((remote.name,) if remote else ()))


async def _vouch(core: Core, admin: str) -> None:
    """The registrar vouches for both. Its key is drawn, used and forgotten: nobody vouches for anyone in this demo
    again."""
    due = [find.party(core.book, party) for party in (MAKER, OPERATOR)]
    due = [party for party in due if party.standing == "declared"]
    if not due:
        return
    key = Key.generate()
    registrar = find.party(core.book, REGISTRAR)
    draft = EnrolKey(party=registrar.rid, key=b64u(key.public), registrar=True, nonce=nonce(), signature="")
    signature = b64u(key.sign(to_sign(keys.enrol_statement(registrar, draft), core.origin)))
    enrolled = EnrolKey(party=registrar.rid, key=draft.key, registrar=True, nonce=draft.nonce, signature=signature)
    rid = await core.commit(keys.enrol(core.book, enrolled, core.now, by=admin))
    for party in due:
        drawn, salted = nonce(), b64u(salt())
        statement = parties.vouch_statement(party, registrar, drawn=drawn, salt=salted)
        word = VouchParty(
            party=party.rid,
            key=rid,
            nonce=drawn,
            salt=salted,
            signature=b64u(key.sign(to_sign(statement, core.origin))),
        )
        await core.commit(parties.vouch(core.book, word, core.now))


def _systems() -> tuple[RegisterSystem, ...]:
    provider = PartySpec(party=MAKER, role=Role.PROVIDER)
    deployer = PartySpec(party=OPERATOR, role=Role.DEPLOYER)
    uses = (EdgeSpec(parent=MODEL, relation=Relation.USES),)
    return (
        RegisterSystem(
            name=BASE,
            version="1",
            kind=SystemKind.MODEL,
            parties=(provider,),
            capabilities=("text",),
            licence="Apache-2.0",
            compute=ComputeSpec(parameters=PARAMETERS, tokens=TOKENS),
        ),
        RegisterSystem(
            name=MODEL,
            version="1",
            kind=SystemKind.MODEL,
            parties=(provider, deployer),
            edges=(EdgeSpec(parent=BASE, relation=Relation.QUANTIZED),),
            capabilities=("text",),
            digests=(SMOLLM2.digest,),
            licence=SMOLLM2.licence,
            upstream="local",
            locality=Locality.LOCAL,
        ),
        RegisterSystem(
            name=EMBEDDER,
            version=E5_SMALL.version,
            kind=SystemKind.MODEL,
            parties=(provider, deployer),
            capabilities=("embedding",),
            digests=(E5_SMALL.digest,),
            licence=E5_SMALL.licence,
            upstream="embeddings",
            locality=Locality.LOCAL,
        ),
        RegisterSystem(
            name=APPLICATION,
            version="1",
            kind=SystemKind.APPLICATION,
            parties=(deployer,),
            edges=uses,
            audience=Audience.PUBLIC,
            capabilities=("text",),
            digests=(_digest(demo_chat.__file__),),
            licence="Apache-2.0",
        ),
        RegisterSystem(
            name=BUYER,
            version="1",
            kind=SystemKind.AGENT,
            parties=(deployer,),
            audience=Audience.MACHINE,
            capabilities=("tools.irreversible",),
            digests=(_digest(demo_buyer.__file__),),
            licence="Apache-2.0",
            tools=("desk/*",),
            max_criticality=Criticality.SENSITIVE,  # it may ask for payments: people decide about each
        ),
        RegisterSystem(
            name=DESK,
            version="1",
            kind=SystemKind.APPLICATION,
            parties=(deployer,),
            audience=Audience.MACHINE,
            digests=(_digest(demo_desk.__file__),),
            licence="Apache-2.0",
        ),
        RegisterSystem(
            name=AGENT,
            version="1",
            kind=SystemKind.AGENT,
            parties=(deployer,),
            edges=uses,
            audience=Audience.MACHINE,
            capabilities=("text",),
            digests=(_digest(demo_agent.__file__),),
            licence="Apache-2.0",
        ),
    )


def _digest(file: str) -> str:
    return "sha256:" + hashlib.sha256(Path(file).read_bytes()).hexdigest()
