# SPDX-License-Identifier: Apache-2.0
"""In whose name a device moves: the warrant that was shown to it, checked again at each turn of its control loop."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass, replace
from typing import Any, Final, Protocol

from answerable.admission import onsite, warrant
from answerable.admission.admit import admit
from answerable.admission.envelope import digest_of
from answerable.admission.envelope import parse as parse_envelope
from answerable.admission.stopset import StopSet
from answerable.crypto.b64 import unb64u
from answerable.errors import Refused, VerificationError
from answerable.machines.sights import Sights
from answerable.model.envelopes import Envelope, Motion
from answerable.model.terms import World
from answerable.model.warrants import Warrant

MAX_ENVELOPES: Final = 16  # whose first sight is remembered


class View(Protocol):
    """What a holder knows. Implemented by `admission.holding.HolderView`."""

    @property
    def stops(self) -> StopSet: ...

    def order(self, data: bytes) -> Any: ...

    def pulse(self, data: bytes, now_ms: int, mono_ms: int) -> bool: ...

    def check(self, now_ms: int, mono_ms: int) -> None: ...


@dataclass(frozen=True, slots=True)
class Lease:
    """warrant and its envelope, with the monotonic instants at which they end, counted from when they were first
    seen."""

    warrant: Warrant
    ends_mono_ms: int
    envelope: Envelope | None = None
    envelope_mono_ms: int = 0

    @property
    def public(self) -> bytes:
        return unb64u(self.warrant.key)

    @property
    def motion(self) -> Motion | None:
        return self.envelope.motion if self.envelope is not None else None

    def left_ms(self, now_ms: int, mono_ms: int) -> int:
        """How long it still holds, on the clock that ends it first."""
        return max(0, min(self.warrant.exp_ms - now_ms, self.ends_mono_ms - mono_ms))

    def envelope_left_ms(self, now_ms: int, mono_ms: int) -> int | None:
        """How long its envelope still holds; None without one."""
        if self.envelope is None:
            return None
        return onsite.left_ms(self.envelope, now_ms=now_ms, mono_ms=mono_ms, deadline_mono_ms=self.envelope_mono_ms)


class Authority:
    """issuers: pinned keys (kid -> 32 bytes); audience: this device's name in warrants; iss: the issuer's name;
    systems: SPIFFE ids of those whose copies may lead it: a warrant for the physical world is no leave to move this
    machine; sights: what was shown before, in memory alone if not told."""

    def __init__(
        self,
        *,
        issuers: Mapping[str, bytes],
        iss: str,
        audience: str,
        systems: Collection[str],
        view: View,
        sights: Sights | None = None,
    ) -> None:
        self._systems = frozenset(systems)
        self._issuers, self._iss, self._audience, self.view = issuers, iss, audience, view
        self._envelopes: dict[str, tuple[Envelope, int]] = {}
        self._sights = sights if sights is not None else Sights()

    def read(self, token: str, envelope_token: str, *, now_ms: int, mono_ms: int) -> Lease:
        """The lease that these stand for. Raises VerificationError ``warrant.*``, ``envelope.*``."""
        if not envelope_token:
            read, envelope, envelope_mono = warrant.parse(token, self._issuers), None, 0
            if read.iss != self._iss:
                raise VerificationError("warrant.forged")
        else:
            digest = digest_of(envelope_token)
            if digest not in self._envelopes:
                envelope = parse_envelope(envelope_token, self._issuers)
                if envelope.iss != self._iss:
                    raise VerificationError("envelope.forged")
                whole = envelope.exp_ms - envelope.iat_ms
                if len(self._envelopes) >= MAX_ENVELOPES:
                    del self._envelopes[next(iter(self._envelopes))]
                self._envelopes[digest] = (envelope, mono_ms + min(whole, envelope.exp_ms - now_ms))
            envelope, envelope_mono = self._envelopes[digest]
            read = onsite.under(token, envelope, digest)
        left = min(read.exp_ms - now_ms, read.exp_ms - read.iat_ms)
        return Lease(read, mono_ms + left, envelope, envelope_mono)

    def take(self, lease: Lease, *, now_ms: int, mono_ms: int) -> Lease:
        """The lease, if it may be taken up now, its holder's signature having been checked. However often it is shown,
        and whatever the wall clock does, it ends as counted from its first sight. Raises as `admits`, and Refused
        ``warrant.replayed`` for one that a newer followed, Unavailable ``device.unrecorded``."""
        lease = self._follow(lease)
        self.admits(lease, now_ms=now_ms, mono_ms=mono_ms)
        return lease

    def admits(self, lease: Lease, *, now_ms: int, mono_ms: int) -> None:
        """Return if the lease lets the device move at this instant. Where a pulse is needed, a warrant needs it fresh;
        under an envelope it was fresh when the on-site issuer began (`docs/spec/envelope.md`).

        Raises Refused ``device.system``, ``warrant.*``, ``envelope.expired``, ``stop.*``, ``pulse.*``.
        """
        if lease.warrant.system not in self._systems:
            raise Refused("device.system", system=lease.warrant.system)
        if World.PHYSICAL not in lease.warrant.worlds:
            raise Refused("warrant.world", world=World.PHYSICAL.value)
        admit(
            lease.warrant,
            now_ms=now_ms,
            mono_ms=mono_ms,
            deadline_mono_ms=lease.ends_mono_ms,
            stops=self.view.stops,
            audience=self._audience,
        )
        if lease.envelope is None:
            self.view.check(now_ms, mono_ms)
        else:
            onsite.lives(lease.envelope, now_ms=now_ms, mono_ms=mono_ms, deadline_mono_ms=lease.envelope_mono_ms)

    def _follow(self, lease: Lease) -> Lease:
        """It follows what its copy showed before; the same one again ends no later for that."""
        read, ends = lease.warrant, lease.ends_mono_ms
        before = self._sights.get(read.copy)
        if before is not None:
            issued, boot, number, first = before
            if read.seq < number if read.nonce == boot else read.iat_ms <= issued:
                raise Refused("warrant.replayed")
            if (read.nonce, read.seq) == (boot, number):
                ends = min(ends, first)
        self._sights.put(read.copy, (read.iat_ms, read.nonce, read.seq, ends))
        return replace(lease, ends_mono_ms=ends)
