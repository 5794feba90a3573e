# SPDX-License-Identifier: Apache-2.0
"""``GET /v1/models``: what this caller may ask for. A model that is stopped or holds no warrant is not on the list."""

from __future__ import annotations

from typing import Any

import msgspec

from answerable.errors import AnswerableError, Refused
from answerable.gateway.known import admitted
from answerable.model.terms import Act, Role
from answerable.model.warrants import Bearer, Credential
from answerable.pipeline.deps import Deps
from answerable.ports import Served


async def listing(credential: Credential, deps: Deps) -> dict[str, Any]:
    """OpenAI's list object. Raises the refusal of a caller that is not admitted; it is counted, since nothing that a
    record could name was asked for."""
    await admitted(credential, deps)
    data: list[dict[str, Any]] = []
    for act in (Act.GENERATION, Act.EMBEDDING):
        for served in deps.models.named("auto", act):
            try:
                bearer = await deps.desk.own(served.copy)
                deps.gate.admit(bearer)
            except AnswerableError:
                continue
            data.append(_entry(served, bearer))
    return {"object": "list", "data": data}


async def one(name: str, credential: Credential, deps: Deps) -> dict[str, Any]:
    """OpenAI's model object of one name. Raises Refused ``model.unknown``."""
    await admitted(credential, deps)
    for act in (Act.GENERATION, Act.EMBEDDING):
        for served in deps.models.named(name, act):
            bearer = await deps.desk.own(served.copy)
            deps.gate.admit(bearer)
            return _entry(served, bearer)
    raise Refused("model.unknown", model=name[:80])


def _entry(served: Served, bearer: Bearer) -> dict[str, Any]:
    system = served.system
    return {
        "id": system.name,
        "object": "model",
        "created": system.since // 1000,
        "owned_by": bearer.party.id,
        "answerable": {
            "system": system.id,
            "record": system.rid,
            "version": system.version,
            "tier": system.tier,
            "provider": system.party(Role.PROVIDER),
            "locality": served.upstream.locality.value,
        },
    }


encode = msgspec.json.Encoder().encode
