# SPDX-License-Identifier: Apache-2.0
"""The desk: recognises what a caller shows, a handle or a warrant, and finds who stands behind it.

Recognising is done once for each credential and kept; what may change meanwhile (a revocation, an end, a place) is
compared each time. Whether the warrant admits is the gate's question.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final, Protocol

from answerable.admission.admit import View
from answerable.admission.warrant import parse
from answerable.crypto.jwt import MAX_TOKEN
from answerable.errors import AnswerableError, Refused, VerificationError
from answerable.model.records import Copy, Handle
from answerable.model.warrants import Bearer, Credential, Horizon, Peer, Recognised, Warrant
from answerable.ports import Clock, Directory
from answerable.warrants.agreed import Agreed, Agreements
from answerable.warrants.bindings import Binding
from answerable.warrants.handles import PREFIX, digest_of
from answerable.warrants.replays import Replays

# Recognised credentials that are kept. The oldest goes first; it is only recognised anew.
MAX_KNOWN: Final = 16_384
# Places that a handle was seen from and that its binding admits.
MAX_PLACES: Final = 256


class Keeping(Protocol):
    """Who keeps the warrants of the copies behind handles and of the models that are served: `warrants.holder.Holder`
    beside the issuer, `warrants.far.FarHolder` elsewhere."""

    def cached(self, copy: str) -> Bearer | None: ...

    def due(self, bearer: Bearer) -> int: ...

    async def bearer(self, copy: str) -> Bearer: ...


class _Known:
    """A handle that was recognised."""

    __slots__ = ("binding", "changes", "places", "row")

    def __init__(self, row: Handle, changes: int) -> None:
        self.row = row
        self.changes = changes  # of the directory when the row was last compared with it
        self.binding = Binding.parse(row.binding)
        self.places: set[str] = set()  # addresses that its network holds

    def admits(self, peer: Peer) -> bool:
        if peer.address in self.places and not peer.unix:
            return True
        if not self.binding.holds(peer):
            return False
        if self.binding.network is not None and len(self.places) < MAX_PLACES:
            self.places.add(peer.address)
        return True


class _Shown:
    """A warrant that was recognised."""

    __slots__ = ("bearer", "changes")

    def __init__(self, bearer: Bearer, changes: int) -> None:
        self.bearer = bearer
        self.changes = changes


class Desk:
    """Implements `ports.Desk`. issuers: the keys (kid -> public key) that warrants may be signed with; iss: the name
    that they must carry; told: what else may end an admission (see `Gate`); demand: no warrant counts unless whoever
    shows it proves with the connection that it holds the warrant's key."""

    def __init__(
        self,
        *,
        directory: Directory,
        clock: Clock,
        holder: Keeping,
        issuers: Mapping[str, bytes],
        iss: str,
        told: View | None = None,
        demand: bool = False,
    ) -> None:
        self._told = told
        self._demand = demand
        self._directory = directory
        self._clock = clock
        self._holder = holder
        self._issuers = issuers
        self._iss = iss
        self._handles: dict[str, _Known] = {}
        self._tokens: dict[str, _Shown] = {}
        self._replays = Replays()
        self._agreements = Agreements(issuers, iss, clock, told)

    async def present(self, credential: Credential) -> Bearer:
        """The bearer behind a credential, its warrant expired or not.

        Raises Refused ``warrant.missing|malformed|forged|life|unregistered|copy_ended|certificate|replayed``,
        ``envelope.*``,
        ``handle.unknown|revoked|expired|elsewhere``, and for a handle's copy what the issuer refuses; Recognised where
        it is known whose credential it is.
        """
        value = credential.value
        known = self._handles.get(value)
        if known is None:
            if not value.startswith(PREFIX):
                return self._warrant(credential)
            known = self._recognise(value)
        if known.changes != self._directory.changes:
            known = self._recognise(value, known)
        row = known.row
        if row.revoked:
            raise await self._refused("handle.revoked", row)
        if self._clock.now_ms() >= row.expires:
            raise await self._refused("handle.expired", row)
        if not known.admits(credential.peer):
            raise await self._refused("handle.elsewhere", row)
        bearer = self._holder.cached(row.copy)
        return bearer if bearer is not None else await self._holder.bearer(row.copy)

    async def still(self, credential: Credential, bearer: Bearer) -> Bearer:
        """The bearer again, inside long work. Raises as `present`, but for ``warrant.replayed``: what began under a
        warrant goes on under the newest that the same boot of its copy has shown since."""
        if bearer.held:
            return await self.present(credential)
        later = self._replays.newest(bearer)
        if later is not bearer:
            return self._again(later)
        name = self._name(credential)
        known = self._tokens.get(name)
        if known is None:
            return self._again(bearer)
        if known.changes != self._directory.changes:
            known = self._stands(name, known)
        return known.bearer

    def horizon(self, credential: Credential, caller: Bearer, model: Bearer) -> Horizon | None:
        """See `ports.Desk`. Each thing that `still` and the gate compare is in it: the registrations and the stops by
        the number of changes, ends and renewals by their instants."""
        changes = self._directory.changes
        until_ms = min(caller.warrant.exp_ms, model.warrant.exp_ms)
        until_mono_ms = min(caller.deadline_mono_ms, model.deadline_mono_ms)
        if caller.held:
            known = self._handles.get(credential.value)
            if known is None or known.changes != changes or known.row.copy != caller.copy.rid:
                return None
            if known.row.revoked:  # since it was presented: others may have had it looked at again
                return None
            until_ms = min(until_ms, known.row.expires)
            until_mono_ms = min(until_mono_ms, self._holder.due(caller))
        else:
            shown = self._tokens.get(self._name(credential))
            if shown is None or shown.changes != changes or shown.bearer is not caller:
                return None
        if model.held:
            until_mono_ms = min(until_mono_ms, self._holder.due(model))
        if self._told is not None:
            changes += self._told.changes
            if (life := self._told.life) is not None:
                until_ms, until_mono_ms = min(until_ms, life[0]), min(until_mono_ms, life[1])
        return Horizon(changes, self._clock.now_ms(), until_ms, until_mono_ms)

    async def own(self, copy: Copy) -> Bearer:
        """The bearer of a copy whose warrant this gateway keeps. Raises Refused what the issuer refuses."""
        bearer = self._holder.cached(copy.rid)
        return bearer if bearer is not None else await self._holder.bearer(copy.rid)

    async def _refused(self, code: str, row: Handle) -> Refused:
        """The refusal of a known handle, under its copy where that has a warrant or gets one: a record names it."""
        try:
            return Recognised(code, await self._holder.bearer(row.copy))
        except Recognised as error:
            return Recognised(code, error.bearer)
        except AnswerableError:
            return Refused(code)

    def _recognise(self, value: str, known: _Known | None = None) -> _Known:
        changes = self._directory.changes
        row = self._directory.handle(digest_of(value)) if len(value) <= MAX_TOKEN else None
        if row is None:
            self._handles.pop(value, None)
            raise Refused("handle.unknown")
        if known is not None and row == known.row:
            known.changes = changes
            return known
        _make_room(self._handles)
        known = self._handles[value] = _Known(row, changes)
        return known

    def _warrant(self, credential: Credential) -> Bearer:
        if not credential.value:
            raise Refused("warrant.missing")
        agreed = self._agreements.take(credential.envelope) if credential.envelope else None
        name = self._name(credential)
        now_ms, mono_ms = self._clock.now_ms(), self._clock.mono_ms()
        known = self._tokens.get(name)
        if known is None:
            known = self._look(credential.value, name, agreed, now_ms, mono_ms)
        elif known.changes != self._directory.changes:
            known = self._stands(name, known)
        bearer = known.bearer
        self._possessed(bearer, credential.peer)
        if agreed is not None:
            try:
                agreed.lives(now_ms, mono_ms)
            except Refused as error:
                raise Recognised(error.code, bearer) from None
        if now_ms < bearer.warrant.exp_ms:  # an expired one says nothing about what is newest
            try:
                self._replays.check(bearer, now_ms=now_ms, mono_ms=mono_ms)
            except Refused as error:
                raise Recognised(error.code, bearer) from None
        return bearer

    def _possessed(self, bearer: Bearer, peer: Peer) -> None:
        """Raises Recognised ``warrant.certificate`` for a warrant that comes with another key than its own (RFC 8705,
        section 3), or with none where one is demanded. A Unix socket is its owner's alone and shows none."""
        if peer.key != bearer.warrant.key and (peer.key or (self._demand and not peer.unix)):
            raise Recognised("warrant.certificate", bearer)

    def _name(self, credential: Credential) -> str:
        """Under which a warrant is kept that was recognised: under an envelope, one that is that envelope's."""
        if not credential.envelope:
            return credential.value
        agreed = self._agreements.known(credential.envelope)
        return f"{agreed.digest} {credential.value}" if agreed is not None else ""

    def _look(self, token: str, name: str, agreed: Agreed | None, now_ms: int, mono_ms: int) -> _Shown:
        changes = self._directory.changes
        bearer = self._read(token, now_ms, mono_ms) if agreed is None else self._on_site(token, agreed, now_ms, mono_ms)
        _make_room(self._tokens)
        known = self._tokens[name] = _Shown(bearer, changes)
        return known

    def _again(self, bearer: Bearer) -> Bearer:
        return self._stand(bearer.warrant, bearer.deadline_mono_ms, enveloped=bearer.enveloped)

    def _stands(self, token: str, known: _Shown) -> _Shown:
        changes = self._directory.changes
        bearer = self._again(known.bearer)
        if bearer == known.bearer:
            known.changes = changes
            return known
        known = self._tokens[token] = _Shown(bearer, changes)
        return known

    def _read(self, token: str, now_ms: int, mono_ms: int) -> Bearer:
        try:
            warrant = parse(token, self._issuers)
        except VerificationError as error:
            raise Refused(error.code, **error.params) from None
        if warrant.iss != self._iss:
            raise Refused("warrant.forged")
        # A bearer's end is counted from when it was first seen here; never longer than its whole life.
        left = min(warrant.exp_ms - now_ms, warrant.exp_ms - warrant.iat_ms)
        return self._stand(warrant, mono_ms + left)

    def _on_site(self, token: str, agreed: Agreed, now_ms: int, mono_ms: int) -> Bearer:
        """As `_read`, and it ends no later than its envelope does, counted from when that was first seen."""
        warrant = agreed.under(token)
        left = min(warrant.exp_ms - now_ms, warrant.exp_ms - warrant.iat_ms)
        return self._stand(warrant, min(mono_ms + left, agreed.ends_mono_ms), enveloped=True)

    def _stand(self, warrant: Warrant, deadline_mono_ms: int, *, enveloped: bool = False) -> Bearer:
        """The registrations behind a warrant. They must be the ones that it names: an id alone proves nothing."""
        copy = self._directory.copy(warrant.copy)
        system = self._directory.system(warrant.system)
        party = self._directory.party(warrant.party)
        if (
            copy is None
            or system is None
            or party is None
            or copy.rid != warrant.copy_rid
            or copy.system != system.rid
            or copy.key != warrant.key
            or {system.num, *system.ancestors} - set(warrant.ancestors)
        ):
            raise Refused("warrant.unregistered")
        bearer = Bearer(warrant, system, copy, party, deadline_mono_ms, enveloped=enveloped)
        if copy.ended:
            raise Recognised("warrant.copy_ended", bearer, copy=copy.id)
        return bearer


def _make_room(kept: dict[str, _Known] | dict[str, _Shown]) -> None:
    if len(kept) >= MAX_KNOWN:
        del kept[next(iter(kept))]
