# SPDX-License-Identifier: Apache-2.0
"""The issuer: signs warrants for copies that may act, and stops signing for those that may not.

The first grant of a boot is a durable leaf, written only if the stop set is still the one that was looked at (so D = 0
in `admission.bound`). A renewal is signed from memory and recorded with its minute (`warrants.renewals`).
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from collections.abc import Set as AbstractSet
from dataclasses import dataclass
from hashlib import sha256
from typing import Final

import msgspec

from answerable.admission.requests import WarrantRequest, signed, timely
from answerable.admission.ttl import LifeClass, life_class
from answerable.admission.warrant import issue
from answerable.crypto.random import nonce as fresh
from answerable.errors import Refused, Unavailable
from answerable.log.leaf import encode, rid
from answerable.model.leaves import WarrantLeaf
from answerable.model.units import EPOCH, Expect, Put, Space, Unit
from answerable.model.warrants import Warrant
from answerable.ports import Clock, Directory, Ledger, Signer
from answerable.warrants.eligible import Eligible, Lapsed, eligible
from answerable.warrants.renewals import Renewals
from answerable.warrants.stopview import StopView

# A grant loses against each change of the stop set that commits meanwhile. More than a few in a row is no accident.
ATTEMPTS: Final = 4
# Boots whose warrants ended are forgotten once so many are remembered.
MAX_BOOTS: Final = 65_536
# How long a first grant may wait for the disk before another boot may try.
LONGEST_WAIT_MS: Final = 30_000
COPY: Final = "copy"  # the holder of boots that copies found themselves


Asked = Callable[[str, str, str, int], None]


def unheard(_copy: str, _boot: str, _refused: str, _at: int) -> None:
    """Nobody wants to know who asked."""


@dataclass(frozen=True, slots=True)
class Granted:
    """A signed warrant. `repr` hides the token: it must not reach a log."""

    token: str
    warrant: Warrant

    def __repr__(self) -> str:
        return f"Granted(<hidden>, {self.warrant.copy!r})"


@dataclass(slots=True)
class _Boot:
    nonce: str
    seq: int
    exp_ms: int
    grant: str
    signature: str = ""  # of the newest request that was answered,
    answered: Granted | None = None  # and its answer


class Issuer:
    """iss: this issuer's name; kid: the name of its key among those that verifiers trust; audiences: for whom it signs.

    lapsed: duties that a system does not meet; life_ms: a life shorter than the class gives (never longer); may_sign:
    raises while nothing may be signed, because this registry may not know all that was stopped; asked: told of each
    request by a copy's own key: the copy's rid, the boot, the code of its refusal or "", when (ms UTC).
    """

    def __init__(
        self,
        *,
        directory: Directory,
        ledger: Ledger,
        clock: Clock,
        signer: Signer,
        iss: str,
        kid: str,
        audiences: AbstractSet[str],
        lapsed: Lapsed,
        life_ms: int | None = None,
        renewals: Renewals | None = None,
        may_sign: Callable[[], None] = lambda: None,
        asked: Asked = unheard,
    ) -> None:
        self.iss = iss
        self.kid = kid
        self.public = signer.public
        self.renewals = renewals or Renewals(ledger, clock)
        self._directory = directory
        self._ledger = ledger
        self._clock = clock
        self._signer = signer
        self._audiences = audiences
        self._may_sign = may_sign
        self._asked = asked
        self._lapsed = lapsed
        self._life_ms = life_ms
        self._view = StopView(directory)
        self._boots: dict[tuple[str, str], _Boot] = {}
        self._granting: dict[tuple[str, str], asyncio.Task[Granted]] = {}  # copy, signature -> a first grant under way
        self._ends: dict[str, int] = {}  # copy -> ms UTC, the latest end of all that was signed for it

    def may_sign(self) -> None:
        """Raises Unavailable ``recover.*`` while nothing may be signed here."""
        self._may_sign()

    def beside(self, life_ms: int, audiences: AbstractSet[str]) -> Issuer:
        """Another issuer by the same name, key and rules, with boots of its own: for drills, whose warrants no gateway
        takes. life_ms: no longer than the class gives."""
        return Issuer(
            directory=self._directory,
            ledger=self._ledger,
            clock=self._clock,
            signer=self._signer,
            iss=self.iss,
            kid=self.kid,
            audiences=audiences,
            lapsed=self._lapsed,
            life_ms=life_ms,
            renewals=self.renewals,
            may_sign=self._may_sign,
        )

    async def answer(self, request: WarrantRequest, signature: str) -> Granted:
        """A warrant for the copy that signed `request` with its own key: its first, or the next. The newest request of
        a boot may be repeated, byte for byte, by who did not hear the answer: it gets the same warrant and no other, as
        long as that lives, and while the first grant is still being written it waits for the same one.

        Raises Refused ``warrant.unregistered|proof|audience|clone|replayed|boot_unknown|copy_ended|duty``,
        ``stop.system``; Unavailable ``log.*``, ``warrant.unrecorded``.
        """
        copy = self._directory.copy(request.copy)
        if copy is None:
            raise Refused("warrant.unregistered")
        signed(request, signature, issuer=self.iss, key=copy.key)
        now_ms = self._clock.now_ms()
        answered = self._answered(copy.rid, request, signature)
        if answered is not None and now_ms < answered.warrant.exp_ms:
            return self._again(copy.rid, answered)
        timely(request, now_ms)
        if answered is not None:
            return self._again(copy.rid, answered)
        if request.seq > 1:
            return await self._new(copy.rid, request, signature)
        # Whoever asked may go away while the disk is waited for. What is written then is the answer of that request
        # all the same: without it the repeat would be refused, since its boot is founded.
        key = (copy.rid, signature)
        task = self._granting.get(key)
        if task is None:
            task = self._granting[key] = asyncio.ensure_future(self._new(copy.rid, request, signature))
            task.add_done_callback(lambda done: self._granted(key, done))
        return await asyncio.shield(task)

    def _granted(self, key: tuple[str, str], task: asyncio.Task[Granted]) -> None:
        self._granting.pop(key, None)
        if not task.cancelled():
            task.exception()  # seen, so that a refusal that nobody waits for any more is not reported as lost

    async def _new(self, copy: str, request: WarrantRequest, signature: str) -> Granted:
        """As `answer`, for a request that was not answered before."""
        try:
            if request.seq == 1:
                granted = await self.grant(copy, aud=request.aud, nonce=request.nonce, once=True)
            else:
                granted = self.renew(copy, aud=request.aud, nonce=request.nonce, seq=request.seq)
        except Refused as error:
            self._asked(copy, request.nonce, error.code, self._clock.now_ms())
            raise
        # A request that is only repeated shows nobody alive; one with a new number does.
        self._asked(copy, request.nonce, "", self._clock.now_ms())
        boot = self._boots.get((copy, COPY))
        if boot is not None and (boot.nonce, boot.seq) == (request.nonce, request.seq):
            boot.signature, boot.answered = signature, granted
        return granted

    async def grant(self, copy: str, *, aud: str, nonce: str, once: bool = False, holder: str = COPY) -> Granted:
        """The first warrant of a boot, durable before it is signed. copy: rid; nonce: of the boot; once: the nonce may
        found no other boot, ever. holder: who keeps it, the copy or its gateway; each has boots of its own.

        Raises as `answer`.
        """
        self._may_sign()
        self._check_audience(aud)
        key = (copy, holder)
        before = self._boots.get(key)
        if before is not None and before.exp_ms > self._clock.now_ms() and (once or before.nonce != nonce):
            raise Refused("warrant.replayed" if before.nonce == nonce else "warrant.clone")
        # Taken before the disk is waited for: of two boots that ask at once, the second is the clone.
        boot = self._boots[key] = _Boot(nonce, 1, self._clock.now_ms() + LONGEST_WAIT_MS, "")
        try:
            granted = await self._first(copy, aud, nonce, once=once)
        except BaseException:
            if self._boots.get(key) is boot:
                del self._boots[key]
            raise
        boot.exp_ms, boot.grant = granted.warrant.exp_ms, granted.warrant.grant
        self._signed(copy, boot.exp_ms)
        self._forget()
        return granted

    def renew(self, copy: str, *, aud: str, nonce: str, seq: int, holder: str = COPY) -> Granted:
        """The warrant after number `seq` - 1 of this boot. Each number is given out once.

        Raises Refused ``warrant.boot_unknown``, ``warrant.clone``, ``warrant.replayed`` and as `grant`.
        """
        self._may_sign()
        self._check_audience(aud)
        now_ms = self._clock.now_ms()
        boot = self._boots.get((copy, holder))
        if boot is None or not boot.grant:
            raise Refused("warrant.boot_unknown")
        if boot.nonce != nonce:
            raise Refused("warrant.clone" if boot.exp_ms > now_ms else "warrant.boot_unknown")
        if seq != boot.seq + 1:
            raise Refused("warrant.replayed")
        self.renewals.check()
        stops = self._view.now()
        base = eligible(self._directory, stops, copy, lapsed=self._lapsed, now_ms=now_ms)
        warrant = self._warrant(base, stops.epoch, aud=aud, nonce=nonce, seq=seq, now_ms=now_ms, grant=boot.grant)
        token = issue(warrant, self._signer, self.kid)
        self.renewals.add(token)
        boot.seq, boot.exp_ms = seq, warrant.exp_ms
        self._signed(copy, warrant.exp_ms)
        return Granted(token, warrant)

    def ends(self, copy: str) -> int:
        """When the last warrant ends that was signed for the copy (rid) since this issuer began, whoever holds it, ms
        UTC; 0 for none, or none that had not ended when it was last looked through."""
        return self._ends.get(copy, 0)

    def forget(self, copy: str, holder: str, nonce: str) -> bool:
        """A holder ends in order, and holds that boot's warrant no more: another boot need not wait for its end."""
        boot = self._boots.get((copy, holder))
        if boot is None or boot.nonce != nonce:
            return False
        del self._boots[(copy, holder)]
        return True

    async def run(self) -> None:
        """Record renewals, a leaf a minute, until cancelled."""
        await self.renewals.run()

    async def flush(self) -> None:
        """Record what was renewed since; before the ledger closes."""
        await self.renewals.flush()

    def _answered(self, copy: str, request: WarrantRequest, signature: str) -> Granted | None:
        """What this very request was answered with, if it is the newest of its boot. Its signature was verified."""
        boot = self._boots.get((copy, COPY))
        if boot is None or (boot.nonce, boot.seq, boot.signature) != (request.nonce, request.seq, signature):
            return None
        return boot.answered

    def _again(self, copy: str, answered: Granted) -> Granted:
        """The same warrant. Raises as `answer` for a copy that may hold none any more."""
        self._may_sign()
        eligible(self._directory, self._view.now(), copy, lapsed=self._lapsed, now_ms=self._clock.now_ms())
        return answered

    async def _first(self, copy: str, aud: str, nonce: str, *, once: bool) -> Granted:
        for _ in range(ATTEMPTS):
            now_ms = self._clock.now_ms()
            epoch = self._directory.raw(Space.COUNTERS, EPOCH)
            stops = self._view.now()
            base = eligible(self._directory, stops, copy, lapsed=self._lapsed, now_ms=now_ms)
            draft = self._warrant(base, stops.epoch, aud=aud, nonce=nonce, seq=1, now_ms=now_ms, grant="")
            leaf = encode(_leaf(draft, base))
            expect = [
                Expect(Space.COUNTERS, EPOCH, epoch),
                Expect(Space.COPIES, base.copy.rid, self._directory.raw(Space.COPIES, base.copy.rid)),
                Expect(Space.SYSTEMS, base.system.rid, self._directory.raw(Space.SYSTEMS, base.system.rid)),
            ]
            effects = []
            if once:
                key = f"boot:{nonce}"
                expect.append(Expect(Space.NONCES, key, None))
                effects.append(Put(Space.NONCES, key, str(now_ms).encode()))
                if self._directory.raw(Space.NONCES, key) is not None:
                    raise Refused("warrant.replayed")
            try:
                await self._ledger.commit(Unit(leaves=(leaf,), effects=tuple(effects), expect=tuple(expect)))
            except Refused as error:
                if error.code != "log.conflict":
                    raise
                continue  # a stop, the copy's end or a sale came first: look again
            warrant = msgspec.structs.replace(draft, grant=rid(leaf))
            return Granted(issue(warrant, self._signer, self.kid), warrant)
        raise Unavailable("warrant.contended")

    def _warrant(
        self, base: Eligible, epoch: int, *, aud: str, nonce: str, seq: int, now_ms: int, grant: str
    ) -> Warrant:
        system = base.system
        row = life_class(system.tier, system.worlds, system.max_criticality)
        life = self.life_of(row)
        return Warrant(
            iss=self.iss,
            aud=aud,
            copy=base.copy.id,
            system=system.id,
            party=base.party.rid,
            grant=grant,
            ancestors=base.numbers,
            iat_ms=now_ms,
            exp_ms=now_ms + life,
            jti=fresh(),
            seq=seq,
            nonce=nonce,
            epoch=epoch,
            key=base.copy.key,
            worlds=system.worlds,
            max_criticality=system.max_criticality,
            tier=system.tier,
            audience=system.audience,
            tools=system.tools,
            copy_rid=base.copy.rid,
        )

    def life_of(self, row: LifeClass) -> int:
        """ms that its warrants of that class live."""
        return row.default_ms if self._life_ms is None else min(self._life_ms, row.max_ms)

    def _check_audience(self, aud: str) -> None:
        if aud not in self._audiences:
            raise Refused("warrant.audience", audience=" or ".join(sorted(self._audiences)))

    def _signed(self, copy: str, exp_ms: int) -> None:
        self._ends[copy] = max(exp_ms, self._ends.get(copy, 0))

    def _forget(self) -> None:
        if len(self._ends) > MAX_BOOTS:
            now_ms = self._clock.now_ms()
            self._ends = {copy: ends for copy, ends in self._ends.items() if ends > now_ms - LONGEST_WAIT_MS}
        if len(self._boots) > MAX_BOOTS:
            now_ms = self._clock.now_ms()
            self._boots = {key: boot for key, boot in self._boots.items() if boot.exp_ms > now_ms}


def _leaf(warrant: Warrant, base: Eligible) -> WarrantLeaf:
    numbers = b"".join(number.to_bytes(8, "big") for number in warrant.ancestors)
    return WarrantLeaf(
        anc=sha256(numbers).hexdigest(),
        aud=warrant.aud,
        cpy=base.copy.rid,
        crit=warrant.max_criticality.value,
        exp=warrant.exp_ms,
        jti=warrant.jti,
        n=fresh(),
        party=warrant.party,
        seq=warrant.seq,
        sys=base.system.rid,
        t=warrant.iat_ms,
        tier=warrant.tier,
        wld=[world.value for world in warrant.worlds],
    )
