# SPDX-License-Identifier: Apache-2.0
"""What a C2PA validator reported of a file, as this project tells it. Foreign data: any member may be missing or of
another type, and then it says nothing."""

from __future__ import annotations

import base64
import binascii
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, Final

from answerable.crypto.b64 import unb64u
from answerable.errors import VerificationError
from answerable.labels.manifest import COMPOSITE, GENERATED, RECORD, SOFT_BINDING, SoftBinding

VALID: Final = "valid"
TRUSTED: Final = "trusted"
INVALID: Final = "invalid"
ABSENT: Final = "absent"
UNSUPPORTED: Final = "unsupported"
# Says no more than that the state is "valid" rather than "trusted", although it stands among the failures.
UNTRUSTED: Final = "signingCredential.untrusted"
MAX_PROBLEMS: Final = 16
_AGENT: Final = ("name", "version")
_MAX_TEXT: Final = 256
_STATES: Final = {"Valid": VALID, "Trusted": TRUSTED}


@dataclass(frozen=True, slots=True)
class C2paReading:
    """What the manifest of a file says, and whether it holds.

    state: "trusted" signed under an anchor that the caller gave, "valid" intact and signed by a key that nobody here
    vouches for, "invalid" the file or the manifest was changed, "absent" none, "unsupported" no manifest can be looked
    for in such a file. What stands in the other members is claimed by the signer, and by nobody at all while `state` is
    "invalid".
    agent: name and, if it is told, version of the system that made or changed it by such an action;
    producer: organisation in the signer's certificate; generator: the program; record, system, party: of our assertion,
    "" for others' manifests; sources: digital source types, as URIs; signed_at: as a time stamp (RFC 3161) says,
    whoever its authority is, "" none; parents: how many manifests it keeps as ingredients; problems: the validator's
    codes.
    """

    state: str
    producer: str = ""
    generator: str = ""
    algorithm: str = ""
    record: str = ""
    system: str = ""
    party: str = ""
    made_at: int = 0
    receipt: bytes = b""
    soft_binding: SoftBinding | None = None
    sources: tuple[str, ...] = ()
    signed_at: str = ""
    parents: int = 0
    problems: tuple[str, ...] = ()
    agent: tuple[str, ...] = ()

    @property
    def holds(self) -> bool:
        return self.state in (VALID, TRUSTED)

    @property
    def by_ai(self) -> bool:
        """The signer says that a model made or changed it."""
        return self.holds and any(source in (GENERATED, COMPOSITE) for source in self.sources)


def reading(report: Any, state: str | None) -> C2paReading:
    """report: the validator's JSON, decoded; state: its own word, "Valid", "Trusted" or "Invalid"."""
    manifests = _map(_map(report).get("manifests"))
    active = _map(manifests.get(_text(_map(report).get("active_manifest"))))
    signature = _map(active.get("signature_info"))
    assertions = {_text(each.get("label")): each.get("data") for each in _maps(active.get("assertions"))}
    ours = _map(assertions.get(RECORD))
    made_at = ours.get("made_at")
    found = _STATES.get(state or "", INVALID)
    problems = tuple(dict.fromkeys((*_problems(_map(report).get("validation_results")), *_inherited(active))))
    return C2paReading(
        found,
        producer=_text(signature.get("issuer")),
        generator=next((_text(each.get("name")) for each in _maps(active.get("claim_generator_info"))), ""),
        algorithm=_text(signature.get("alg")),
        record=_text(ours.get("record")),
        system=_text(ours.get("system")),
        party=_text(ours.get("party")),
        made_at=made_at if isinstance(made_at, int) and not isinstance(made_at, bool) else 0,
        receipt=_receipt(ours.get("receipt")),
        soft_binding=_soft_binding(_map(assertions.get(SOFT_BINDING))),
        sources=tuple(dict.fromkeys(_sources(assertions))),
        signed_at=_text(signature.get("time")),
        parents=max(len(manifests) - 1, 0),
        problems=tuple(code for code in problems if code != UNTRUSTED or found == INVALID)[:MAX_PROBLEMS],
        agent=_agent(assertions),
    )


def _sources(assertions: dict[str, Any]) -> Iterator[str]:
    return (source for action in _actions(assertions) if (source := _text(action.get("digitalSourceType"))))


def _agent(assertions: dict[str, Any]) -> tuple[str, ...]:
    """Of the first action by a model that names one: as a map (actions.v2), or as text (actions)."""
    for action in _actions(assertions):
        if _text(action.get("digitalSourceType")) in (GENERATED, COMPOSITE):
            agent = action.get("softwareAgent")
            said = (_text(agent), "") if isinstance(agent, str) else tuple(_text(_map(agent).get(k)) for k in _AGENT)
            if said[0]:
                return tuple(filter(None, said))
    return ()


def _actions(assertions: dict[str, Any]) -> Iterator[dict[str, Any]]:
    for label, data in assertions.items():
        if label.startswith("c2pa.actions"):
            yield from _maps(_map(data).get("actions"))


def _problems(results: Any) -> Iterator[str]:
    for failure in _maps(_map(_map(results).get("activeManifest")).get("failure")):
        yield _text(failure.get("code"))
    for delta in _maps(_map(results).get("ingredientDeltas")):
        for failure in _maps(_map(delta.get("validationDeltas")).get("failure")):
            yield "ingredient:" + _text(failure.get("code"))


def _inherited(active: dict[str, Any]) -> Iterator[str]:
    """What was broken already in what this manifest was signed over: whoever signed it says so himself."""
    for ingredient in _maps(active.get("ingredients")):
        results = _map(_map(ingredient.get("validation_results")).get("activeManifest"))
        for failure in (*_maps(results.get("failure")), *_maps(ingredient.get("validation_status"))):
            code = _text(failure.get("code"))
            if code and code != UNTRUSTED:
                yield "ingredient:" + code


def _soft_binding(data: dict[str, Any]) -> SoftBinding | None:
    block = next(_maps(data.get("blocks")), None)
    if block is None:
        return None
    value = block.get("value")
    try:
        # Never `bytes` of a number: that is so many zeros.
        held = bytes(value) if isinstance(value, list) else base64.b64decode(value or "", validate=True)
    except (binascii.Error, TypeError, ValueError):
        return None
    return SoftBinding(_text(data.get("alg")), held)


def _receipt(value: Any) -> bytes:
    try:
        return unb64u(value) if isinstance(value, str) else b""
    except VerificationError:
        return b""


def _map(value: Any) -> dict[str, Any]:
    return value if isinstance(value, dict) else {}


def _maps(value: Any) -> Iterator[dict[str, Any]]:
    return (each for each in value if isinstance(each, dict)) if isinstance(value, list) else iter(())


def _text(value: Any) -> str:
    return value[:_MAX_TEXT] if isinstance(value, str) else ""
