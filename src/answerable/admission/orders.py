# SPDX-License-Identifier: Apache-2.0
"""A stop order on its way to the holders (`docs/spec/order.md`): the leaf that officers signed, with what the registry
computed for it.

A reader takes it on the word of the issuer's key, or on that of officers and authorities whose keys it has pinned; then
what only the registry knows counts for nothing that would soften the order. Messages may come in any order, twice, by
anyone; what is read is only ever added.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from hashlib import sha256
from typing import Annotated, Any, Final, Protocol

import msgspec
from msgspec import UNSET

from answerable.admission.trust import Keys, Trust
from answerable.crypto import canonical, ed25519
from answerable.crypto.b64 import b64u, unb64u
from answerable.errors import Refused, VerificationError
from answerable.log import statement
from answerable.log.leaf import DEFAULT_LIMIT, decode, encode, rid
from answerable.model.leaves import Leaf, OrderLeaf, ReleaseLeaf, Sig, SystemLeaf
from answerable.model.records import Stop
from answerable.model.terms import OrderKind, Scope

MEDIA_TYPE: Final = "application/vnd.answerable.order+json"
DOMAIN: Final = b"answerable/order-message/v1"
MAX_MESSAGE: Final = 1 << 20
# Distinct people who terminate, and who release.
OFFICERS: Final = 2
# As many signatures as the registry takes under one statement.
MAX_SIGNATURES: Final = 16
MAX_KID: Final = 64
SIGNATURE: Final = 86  # characters of an Ed25519 signature
# To read a long message costs hundreds of milliseconds: what no issuer signed is looked at no further than this.
SHORT: Final = 8_192
MAX_BARE_TWINS: Final = 1_024
MAX_BARE_DIGESTS: Final = 1_024  # characters
MAX_TEXT: Final = 512
_NUMBERED: Final = frozenset({Scope.LINEAGE.value, Scope.SYSTEM.value})
_LISTED: Final = "sha256-list:"  # stands for digests too many to list

Int = Annotated[int, msgspec.Meta(ge=0, le=canonical.MAX_INTEGER)]
Text = Annotated[str, msgspec.Meta(max_length=MAX_TEXT)]


class Signing(Protocol):
    def sign(self, message: bytes) -> bytes: ...


class _Message(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    changed: Int
    epoch: Int
    kid: Text
    leaf: str
    num: Int
    origin: Text
    release: str
    sig: Text
    subject: str
    twins: tuple[Int, ...]
    until: Int
    v: Int


_decode: Final = msgspec.json.Decoder(_Message).decode


@dataclass(frozen=True, slots=True)
class Told:
    """What one message establishes. stop: as far as its signers vouch for it; epoch, changed: numbers of the change of
    the stop set that the order and its release were, 0 where no issuer says so; by: ``issuer``, ``authority``,
    ``officers`` or ``pulse``, the first that signed; authority: whether one signed, whose order only one releases;
    statement: hash of what was signed, the same before and after the registry took it; nonce: of the order, that counts
    once in a registry; data: the message's bytes; signers: public keys of the officers that signed."""

    stop: Stop
    epoch: int
    changed: int
    by: str
    authority: bool
    statement: bytes
    nonce: str
    data: bytes
    signers: frozenset[bytes] = field(default=frozenset(), compare=False)

    @property
    def issued(self) -> bool:
        return self.by == "issuer"


def message(
    stop: Stop,
    leaf: bytes,
    *,
    origin: str,
    release: bytes = b"",
    subject: bytes = b"",
    signer: Signing | None = None,
    kid: str = "",
) -> bytes:
    """The message that tells of `stop`. leaf: of the order; release: of its release, where there is one; subject: of
    the root where that is a system. signer, kid: the issuer's key; None for an order that officers or an authority give
    directly.

    Raises VerificationError ``order.malformed`` for what `read` would not take.
    """
    whole = _Message(
        changed=stop.changed,
        epoch=stop.epoch,
        kid=kid,
        leaf=b64u(leaf),
        num=stop.num,
        origin=origin,
        release=b64u(release),
        sig="",
        subject=b64u(subject),
        twins=stop.twins,
        until=stop.until,
        v=1,
    )
    if signer is not None:
        whole = msgspec.structs.replace(whole, sig=b64u(signer.sign(_signed(whole))))
    data = canonical.dumps(msgspec.to_builtins(whole))
    _parts(_parse(data))
    return data


def direct(
    leaf: OrderLeaf, *, origin: str, subject: bytes = b"", num: int = 0, release: ReleaseLeaf | None = None
) -> bytes:
    """The message of an order that officers or an authority signed and give to holders themselves, past the registry.
    leaf, release: with their signatures. Raises as `message`."""
    data = encode(leaf)
    row = msgspec.structs.replace(_row(leaf, rid(data), num=num), changed=1 if release is not None else 0)
    freed = encode(release) if release is not None else b""
    return message(row, data, origin=origin, subject=subject, release=freed)


def read(data: bytes, trust: Trust, *, vouched: bool = False) -> Told:
    """What the message says, by the best of its signers that `trust` knows. vouched: a pulse carries it, whose
    signature was checked.

    Raises VerificationError ``order.malformed`` for another form; Refused ``order.origin|untrusted|subject``; nothing
    else, whatever the bytes.
    """
    if not vouched and len(data) > SHORT:
        data = _worth(data, trust)
    whole = _parse(data)
    leaf, release, subject = _parts(whole)
    if whole.origin != trust.origin:
        raise Refused("order.origin", origin=trust.origin)
    issued = _by_issuer(whole, leaf, trust.issuers)
    officers = _signers(leaf, leaf.sigs, trust.officers, trust.origin)
    authorities = _authorities(leaf, leaf.sigs, trust)
    if not (issued or officers or authorities or vouched):
        raise Refused("order.untrusted")
    number = whole.num if issued or vouched or subject is not None else 0
    if not number and leaf.scope in _NUMBERED:
        raise Refused("order.subject")
    # Nobody who is pinned signs the members beside a leaf that no issuer signed: whoever carried it wrote them.
    numbered = issued or (vouched and bool(whole.kid))
    terminates = leaf.kind == OrderKind.TERMINATE and (issued or len(officers) >= OFFICERS or bool(authorities))
    released = _released(release, leaf, issued=issued, authorities=authorities, trust=trust)
    if not (issued or vouched):
        whole = _bare(whole, leaf, number, released=released)
    stop = msgspec.structs.replace(
        _row(leaf, rid(unb64u(whole.leaf)), num=number),
        kind=leaf.kind if terminates or leaf.kind not in OrderKind.__members__.values() else OrderKind.SUSPEND.value,
        # What no officer signed is the registry's to say: a carrier must not be able to add to it.
        digests=_listed(leaf.dig if numbered else subject.dig if subject is not None else ()),
        twins=whole.twins if numbered else (),
        until=whole.until if issued and not authorities else 0,
        released=rid(unb64u(whole.release)) if released else "",
        epoch=whole.epoch if issued else 0,
        changed=whole.changed if issued else 0,
    )
    return Told(
        stop=stop,
        epoch=stop.epoch,
        changed=stop.changed,
        by="issuer" if issued else "authority" if authorities else "officers" if officers else "pulse",
        authority=bool(authorities),
        statement=statement_hash(leaf, trust.origin),
        nonce=leaf.n,
        data=data if issued or vouched else canonical.dumps(msgspec.to_builtins(whole)),
        signers=officers,
    )


def statement_hash(leaf: OrderLeaf, origin: str) -> bytes:
    """SHA-256 of what officers signed: the same for an order that they gave directly and for its leaf in the log."""
    return sha256(statement.to_sign(leaf, origin)).digest()


def stop_root(stops: Iterable[Stop], epoch: int = canonical.MAX_INTEGER) -> str:
    """SHA-256, hex, over the record ids of the orders that were changes 1 to `epoch` of the stop set: sorted, a line
    feed after each. A record id is a hash of all that the order says. Orders that no issuer numbered stand in no root;
    releases neither: who knows of one too few is stricter, and who is ahead can still compare."""
    lines = sorted(f"{stop.rid}\n" for stop in stops if 0 < stop.epoch <= epoch)
    return sha256("".join(lines).encode("ascii")).hexdigest()


def _signed(whole: _Message) -> bytes:
    members = msgspec.to_builtins(whole)
    del members["sig"]
    return _to_sign(whole.origin, canonical.dumps(members))


def _to_sign(origin: str, members: bytes) -> bytes:
    return b"\x00".join((DOMAIN, origin.encode("utf-8", "surrogatepass"), members))


def _bare(whole: _Message, leaf: OrderLeaf, number: int, *, released: bool) -> _Message:
    """The message without what only its carrier says: so it is passed on, kept, and vouched for by a pulse. Of its leaf
    too goes what nobody signs, where that is long and no release that counts names the leaf: or a carrier could make an
    authority's order fill a pulse."""
    bare = msgspec.structs.replace(whole, changed=int(released), epoch=0, kid="", num=number, sig="", twins=())
    if released:
        return bare
    few = leaf.dig if sum(map(len, leaf.dig)) <= MAX_BARE_DIGESTS else []
    short = msgspec.structs.replace(leaf, dig=few, x=statement.signed_extensions(leaf.x))
    text = whole.leaf if short == leaf else b64u(encode(short))
    return msgspec.structs.replace(bare, leaf=text, release="")


def _worth(data: bytes, trust: Trust) -> bytes:
    """What of the message is worth reading: all of it where it is the issuer's by its bytes as they stand, else without
    very many twins, which would count for nothing. Raises VerificationError ``order.malformed``."""
    if len(data) > MAX_MESSAGE:
        raise _malformed(f"longer than {MAX_MESSAGE} bytes")
    try:
        whole = _decode(data)
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError):
        raise _malformed("no message at all") from None
    if len(whole.twins) <= MAX_BARE_TWINS:
        return data
    public = trust.issuers.get(whole.kid)
    # Canonical JSON has its members in order: without the signature, these are the bytes that were signed.
    before, found, after = data.rpartition(b'"sig":"%b",' % whole.sig.encode("utf-8", "surrogatepass"))
    if public is not None and found:
        try:
            ed25519.verify(public, _to_sign(whole.origin, before + after), unb64u(whole.sig))
            return data
        except VerificationError:
            pass
    head, _, tail = data.rpartition(b'"twins":[')
    return head + b'"twins":[' + tail[tail.find(b"]") :]


def _parse(data: bytes) -> _Message:
    if len(data) > MAX_MESSAGE:
        raise _malformed(f"longer than {MAX_MESSAGE} bytes")
    try:
        raw: Any = canonical.loads(data)
        whole = msgspec.convert(raw, _Message, strict=True)
        if canonical.dumps(raw) != data:
            raise _malformed("not canonical JSON")
    except msgspec.ValidationError as error:
        raise _malformed(_where(error)) from None
    except VerificationError as error:
        raise _malformed(str(error.params.get("detail"))) from None
    return whole


def _parts(whole: _Message) -> tuple[OrderLeaf, ReleaseLeaf | None, SystemLeaf | None]:
    """The leaves in the message, which agree with each other and with what stands beside them."""
    if whole.v != 1:
        raise _malformed("a version that does not exist")
    if not whole.origin or not whole.origin.isprintable():
        raise _malformed("an origin that is not printable")
    leaf, release, subject = _leaf(whole.leaf), _leaf(whole.release), _leaf(whole.subject)
    if not isinstance(leaf, OrderLeaf):
        raise _malformed("a leaf that is no order")
    if len(leaf.sigs) > MAX_SIGNATURES:
        raise _malformed(f"more than {MAX_SIGNATURES} signatures")
    sigs = [*leaf.sigs, *(release.sigs if isinstance(release, ReleaseLeaf) else ())]
    if any(len(sig.key) > MAX_KID or len(sig.sig) != SIGNATURE for sig in sigs):
        raise _malformed("a signature that can be none")
    if release is not None and (
        not isinstance(release, ReleaseLeaf)
        or release.order != rid(unb64u(whole.leaf))
        or len(release.sigs) > MAX_SIGNATURES
    ):
        raise _malformed("a release of another order")
    if release is not None and len(unb64u(whole.release)) > DEFAULT_LIMIT:
        raise _malformed("a release that nobody can have signed")
    if subject is not None and (
        not isinstance(subject, SystemLeaf) or leaf.root != rid(unb64u(whole.subject)) or subject.num != whole.num
    ):
        raise _malformed("a subject that is not the order's root")
    if whole.until != (0 if leaf.until is UNSET else leaf.until):
        raise _malformed("an end that is not the order's")
    if bool(whole.changed) != (release is not None) or (whole.changed and whole.changed <= whole.epoch):
        raise _malformed("a release without its number, or before its order")
    try:
        statement_hash(leaf, whole.origin)
    except VerificationError:
        raise _malformed("an order that nobody can have signed") from None
    if bool(whole.kid) != bool(whole.sig):
        raise _malformed("a signature without a key, or a key without its signature")
    return leaf, release, subject


def _leaf(text: str) -> Leaf | None:
    try:
        return decode(unb64u(text)) if text else None
    except VerificationError:
        raise _malformed("a leaf that cannot be read") from None


def _row(leaf: OrderLeaf, name: str, *, num: int) -> Stop:
    return Stop(
        rid=name,
        kind=leaf.kind,
        scope=leaf.scope,
        root=leaf.root,
        num=num,
        digests=_listed(leaf.dig),
        twins=(),
        at=leaf.t,
        until=leaf.until if isinstance(leaf.until, int) else 0,
        reason="",
        officers=tuple(sig.key for sig in leaf.sigs),
    )


def _listed(digests: Iterable[str]) -> tuple[str, ...]:
    return tuple(digest for digest in digests if not digest.startswith(_LISTED))


def _by_issuer(whole: _Message, leaf: OrderLeaf, issuers: Keys) -> bool:
    public = issuers.get(whole.kid) if whole.kid else None
    if public is None:
        return False
    try:
        ed25519.verify(public, _signed(whole), unb64u(whole.sig))
    except VerificationError:
        return False  # officers may have signed it all the same
    if not whole.epoch or (not whole.num and leaf.scope in _NUMBERED):
        raise _malformed("no number, though the issuer knows it")
    return True


def _signers(leaf: Leaf, sigs: list[Sig], keys: Keys, origin: str) -> frozenset[bytes]:
    """The pinned keys that signed. A signature that does not fit counts for nothing: a carrier who breaks one must not
    be able to take away the others."""
    found: set[bytes] = set()
    for sig in sigs:
        public = keys.get(sig.key)
        if public is None or public in found:
            continue
        try:
            statement.verify(leaf, origin, sig, public)
        except VerificationError:
            continue
        found.add(public)
    return frozenset(found)


def _authorities(leaf: Leaf, sigs: list[Sig], trust: Trust) -> frozenset[str]:
    """The authorities, by name, that signed with a pinned key."""
    each = ((sig, {sig.key: trust.authorities[sig.key]}) for sig in sigs if sig.key in trust.authorities)
    return frozenset(trust.named.get(sig.key, sig.key) for sig, key in each if _signers(leaf, [sig], key, trust.origin))


def _released(
    release: ReleaseLeaf | None, leaf: OrderLeaf, *, issued: bool, authorities: frozenset[str], trust: Trust
) -> bool:
    """Whether the release counts here. A termination has none; what an authority ordered, that authority releases."""
    if release is None or leaf.kind != OrderKind.SUSPEND:
        return False
    if authorities:
        return authorities <= _authorities(release, release.sigs, trust)
    return issued or len(_signers(release, release.sigs, trust.officers, trust.origin)) >= OFFICERS


def _malformed(detail: str) -> VerificationError:
    return VerificationError("order.malformed", detail=detail)


def _where(error: msgspec.ValidationError) -> str:
    place = str(error).rpartition(" - at `")[2].rstrip("`")
    return f"missing, unknown or of the wrong form: {place}" if place.startswith("$") else "wrong members"
