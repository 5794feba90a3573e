# SPDX-License-Identifier: Apache-2.0
"""`ReservedCode1` and `ReservedCode2`: who signed a label (practice guide TC260-PG-202511A, the object `SecurityData`).

A signature is over members of the label alone and binds no content; the key stands beside it and proves nothing but
that nobody changed the label. Whose key it is, is pinned: `check` takes keys that a reader knows already. Algorithms
are told apart by their object identifiers; `docs/spec/label.md` lists them. Others, and codes of another form, are
opaque: neither believed nor held against the label.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from enum import StrEnum
from typing import Any, Final, Protocol

import msgspec

from answerable.crypto import ed25519, p256, sm2
from answerable.errors import Unavailable, VerificationError
from answerable.marks import provider_code
from answerable.model.labels import AIGC

ED25519: Final = "1.3.101.112"  # RFC 8410
ES256: Final = "1.2.840.10045.4.3.2"  # ecdsa-with-SHA256, RFC 5758
SM3_WITH_SM2: Final = "1.2.156.10197.1.501"  # GM/T 0006
NAMES: Final = {ED25519: "Ed25519", ES256: "ES256", SM3_WITH_SM2: "SM3withSM2"}

# DER SubjectPublicKeyInfo up to the key itself, which has one length for each algorithm.
_HEADS: Final = {
    ED25519: bytes.fromhex("302a300506032b6570032100"),
    ES256: bytes.fromhex("3059301306072a8648ce3d020106082a8648ce3d030107034200"),
    SM3_WITH_SM2: bytes.fromhex("3059301306072a8648ce3d020106082a811ccf5501822d034200"),
}
_LENGTHS: Final = {ED25519: 32, ES256: 65, SM3_WITH_SM2: 65}
# The guide's own word for members of a label, and the one that vendors write.
_OVER_MEMBERS: Final = frozenset({"Md", "LabelMataData"})
_MAX_ENTRIES: Final = 8  # a check of SM2 takes 30 ms: a label is no place to keep readers busy
AMBIGUOUS: Final = "a quotation mark in a member: what was signed can be read in more than one way"
_encode = msgspec.json.Encoder().encode
_decode = msgspec.json.Decoder().decode


class State(StrEnum):
    SIGNED = "signed"  # by a key that is pinned to the party that the label names
    SELF_CONSISTENT = "self-consistent"  # by the key beside it, whosever that is
    OPAQUE = "opaque"  # something stands there that this version cannot check
    BAD = "bad"  # the signature does not hold, or the key is pinned to another party
    UNSIGNED = "unsigned"


@dataclass(frozen=True, slots=True)
class Signed:
    """What one reserved code says. party: whose pinned key signed, "" where none did; algorithm: its name, "" unknown;
    key: DER SubjectPublicKeyInfo, b"" for none."""

    state: State
    party: str = ""
    algorithm: str = ""
    detail: str = ""
    key: bytes = b""

    def __str__(self) -> str:
        return f"{self.state}:{self.party}" if self.state is State.SIGNED else str(self.state)


class LabelKey(Protocol):
    """A private key of `crypto.ed25519`, `crypto.p256` or `crypto.sm2`."""

    public: bytes

    def sign(self, message: bytes) -> bytes: ...


def algorithm_of(key: LabelKey) -> str:
    """The object identifier of the signatures that `key` makes."""
    if isinstance(key, p256.Key):
        return ES256
    return SM3_WITH_SM2 if isinstance(key, sm2.Key) else ED25519


def public_info(key: LabelKey) -> bytes:
    """The public half as DER SubjectPublicKeyInfo: by which a key is pinned."""
    return _HEADS[algorithm_of(key)] + key.public


def info_of(algorithm: str, public: bytes) -> bytes:
    """DER SubjectPublicKeyInfo of a raw public key. Raises VerificationError ``log.signature`` for another length."""
    if len(public) != _LENGTHS[algorithm]:
        raise VerificationError("log.signature")
    return _HEADS[algorithm] + public


def party_of(code: str) -> str:
    """The party id that a label's ContentProducer or ContentPropagator names: that of the credit code inside a provider
    code, else the text itself."""
    try:
        return f"NTRCN-{provider_code.parse(code).uscc}"
    except VerificationError:
        return code


def sign(aigc: AIGC, key: LabelKey) -> AIGC:
    """`aigc` with `ReservedCode1` over its first three members."""
    return msgspec.structs.replace(aigc, reserved_code1=_code(key, produced(aigc)))


def sign_propagation(aigc: AIGC, key: LabelKey) -> AIGC:
    """`aigc` with `ReservedCode2` over the producer's members and the propagator's: it cannot be moved to a label that
    somebody else produced."""
    return msgspec.structs.replace(aigc, reserved_code2=_code(key, propagated(aigc)))


def check(aigc: AIGC, pinned: Mapping[bytes, str] | None = None) -> Signed:
    """What `ReservedCode1` says of the producer's members. pinned: DER SubjectPublicKeyInfo -> party id."""
    if aigc.reserved_code1 and _ambiguous(aigc.label, aigc.content_producer, aigc.produce_id):
        return Signed(State.OPAQUE, detail=AMBIGUOUS)
    return _check(aigc.reserved_code1, (produced(aigc),), party_of(aigc.content_producer), pinned or {})


def check_propagation(aigc: AIGC, pinned: Mapping[bytes, str] | None = None) -> Signed:
    """What `ReservedCode2` says of the propagator's members, as `check`. What other propagators sign is not the same
    everywhere: a signature by a key that is not pinned, which does not hold, is opaque."""
    ours = (aigc.content_propagator, aigc.propagate_id)
    if aigc.reserved_code2 and _ambiguous(aigc.label, aigc.content_producer, aigc.produce_id, *ours):
        return Signed(State.OPAQUE, detail=AMBIGUOUS)
    found = _check(
        aigc.reserved_code2, (propagated(aigc), _alone(aigc)), party_of(aigc.content_propagator), pinned or {}
    )
    if found.state is State.BAD and found.key not in (pinned or {}):
        return Signed(State.OPAQUE, "", found.algorithm, "signed over something else", found.key)
    return found


def produced(aigc: AIGC) -> bytes:
    """What a producer signs: appendix A.1 of the guide."""
    return _members(Label=aigc.label, ContentProducer=aigc.content_producer, ProduceID=aigc.produce_id)


def propagated(aigc: AIGC) -> bytes:
    """What we sign as propagator."""
    return produced(aigc) + b"," + _members(ContentPropagator=aigc.content_propagator, PropagateID=aigc.propagate_id)


def _ambiguous(*values: str) -> bool:
    """Whether a member has a quotation mark. A message has no escapes, so it may say what others would say together,
    and what was signed for them would hold for it."""
    return '"' in "".join(values)


def _alone(aigc: AIGC) -> bytes:
    return _members(Label=aigc.label, ContentPropagator=aigc.content_propagator, PropagateID=aigc.propagate_id)


def _members(**values: str) -> bytes:
    return ",".join(f'"{name}":"{value}"' for name, value in values.items()).encode("utf-8", "replace")


def made_by(key: LabelKey, message: bytes) -> str:
    """A signature of `key` over `message` as it stands in a label: hexadecimal."""
    signature = key.sign(message)
    return (signature if algorithm_of(key) == ED25519 else p256.der(signature)).hex().upper()


def signed_by(info: bytes, message: bytes, signature: object) -> bool:
    """Whether `signature`, as it stands in a label, is one over `message` by the key `info` (DER SubjectPublicKeyInfo).
    Raises Unavailable ``label.extra``."""
    for algorithm, head in _HEADS.items():
        if info.startswith(head):
            return _holds(algorithm, info.removeprefix(head), (message,), _hex(signature))
    return False


def _code(key: LabelKey, message: bytes) -> str:
    algorithm, signature = algorithm_of(key), made_by(key, message)
    listed: list[dict[str, Any]] = [
        {"Type": "DS", "AlgID": algorithm, "TBSData": {"Type": "LabelMataData"}, "Signature": signature},
        {"Type": "PubKey", "AlgID": algorithm, "KeyValue": public_info(key).hex().upper()},
    ]
    return _encode({"SecurityData": {"Type": "TC260PG", "Version": 1, "PubSD": listed}}).decode("ascii")


def _check(code: str, messages: Sequence[bytes], party: str, pinned: Mapping[bytes, str]) -> Signed:
    if not code:
        return Signed(State.UNSIGNED)
    listed = entries(code)
    signatures = [entry for entry in listed if entry.get("Type") == "DS" and _over_members(entry)]
    if not signatures:
        return Signed(State.OPAQUE, detail="of another form than the guide's")
    judged = [_judge(entry, listed, messages, party, pinned) for entry in signatures]
    # One that does not hold stands against the label, whatever others say.
    order = (State.BAD, State.SIGNED, State.SELF_CONSISTENT, State.OPAQUE)
    return min(judged, key=lambda each: order.index(each.state))


def entries(code: str) -> list[dict[str, Any]]:
    """What stands in a reserved code of the guide's form, as it came; none for another form."""
    with suppress(ValueError, RecursionError):  # msgspec's DecodeError is a ValueError
        value = _decode(code.encode("utf-8", "replace"))
        data = value.get("SecurityData") if isinstance(value, dict) else None
        if isinstance(data, dict) and data.get("Type") == "TC260PG":
            listed = data.get("PubSD", data.get("PubSd"))
            if isinstance(listed, list) and len(listed) <= _MAX_ENTRIES:
                return [entry for entry in listed if isinstance(entry, dict)]
    return []


def _over_members(entry: dict[str, Any]) -> bool:
    data = entry.get("TBSData")
    kind = data.get("Type") if isinstance(data, dict) else None
    return isinstance(kind, str) and kind in _OVER_MEMBERS


def _judge(
    entry: dict[str, Any],
    listed: Sequence[dict[str, Any]],
    messages: Sequence[bytes],
    party: str,
    pinned: Mapping[bytes, str],
) -> Signed:
    algorithm = entry.get("AlgID")
    name = NAMES.get(algorithm, "") if isinstance(algorithm, str) else ""
    if not isinstance(algorithm, str) or not name:
        return Signed(State.OPAQUE, detail="an algorithm that this version does not know")
    try:
        return _verified(algorithm, entry, listed, messages, party, pinned)
    except Unavailable:
        return Signed(State.OPAQUE, "", name, "checking it needs the extra sm2")


def _verified(
    algorithm: str,
    entry: dict[str, Any],
    listed: Sequence[dict[str, Any]],
    messages: Sequence[bytes],
    party: str,
    pinned: Mapping[bytes, str],
) -> Signed:
    """Raises Unavailable ``label.extra``."""
    name = NAMES[algorithm]
    keys = _keys(algorithm, entry, listed)
    signature = _hex(entry.get("Signature"))
    if not keys:
        return Signed(State.OPAQUE, algorithm=name, detail="no key stands beside the signature")
    for key in keys:
        if not _holds(algorithm, key, messages, signature):
            continue
        info = _HEADS[algorithm] + key
        owner = pinned.get(info, "")
        if not owner:
            return Signed(State.SELF_CONSISTENT, "", name, "the key is pinned to nobody", info)
        if owner != party:
            return Signed(State.BAD, "", name, "the key is another party's than the label names", info)
        return Signed(State.SIGNED, owner, name, "", info)
    return Signed(State.BAD, "", name, "the signature does not hold", _HEADS[algorithm] + keys[0])


def _keys(algorithm: str, entry: dict[str, Any], listed: Sequence[dict[str, Any]]) -> tuple[bytes, ...]:
    """Raw public keys that the entry may mean, of its own KeyID where it names one."""
    found: list[bytes] = []
    for other in listed:
        if other.get("Type") != "PubKey" or other.get("KeyID") != entry.get("KeyID"):
            continue
        value = _hex(other.get("KeyValue")).removeprefix(_HEADS[algorithm])
        if algorithm == SM3_WITH_SM2:
            found += sm2.points(value[1:] if len(value) == 33 and not value[0] else value)
        elif len(value) == _LENGTHS[algorithm]:
            found.append(value)
    return tuple(dict.fromkeys(found))


def _holds(algorithm: str, key: bytes, messages: Sequence[bytes], signature: bytes) -> bool:
    verify, tried = _VERIFY[algorithm], messages
    try:
        raw = signature if algorithm == ED25519 else p256.raw(signature)
    except VerificationError:
        return False
    if algorithm == SM3_WITH_SM2:
        # The guide says the message; some vendors sign its digest, as if it were the message.
        tried = (*messages, *(sm2.digest(message) for message in messages))
    for message in tried:
        with suppress(VerificationError):
            verify(key, message, raw)
            return True
    return False


_VERIFY: Final[dict[str, Callable[[bytes, bytes, bytes], None]]] = {
    ED25519: ed25519.verify,
    ES256: p256.verify,
    SM3_WITH_SM2: sm2.verify,
}


def _hex(value: object) -> bytes:
    with suppress(ValueError):
        return bytes.fromhex(value) if isinstance(value, str) else b""
    return b""
