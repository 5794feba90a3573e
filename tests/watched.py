# SPDX-License-Identifier: Apache-2.0
"""An honest log of one exchange, leaf by leaf, to which a test adds what should not be there."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from msgspec import structs

from answerable.crypto.b64 import b64u
from answerable.log import statement
from answerable.log.leaf import encode, rid
from answerable.model.leaves import (
    CloseLeaf,
    CopyLeaf,
    EdgeRef,
    KeyLeaf,
    Leaf,
    OpenLeaf,
    OrderLeaf,
    ReleaseLeaf,
    RenewalsLeaf,
    WarrantLeaf,
)
from answerable.verify.audit.auditor import Auditor, Limits
from answerable.verify.audit.facts import Held
from answerable.verify.audit.findings import Finding
from tests import small_log
from tests.small_log import ORIGIN, T0, a_rid, fixed, hidden, key, nonce

NOW = T0 + 60_000
OFFICERS = ("officer one", "officer two")


@dataclass
class Watched:
    """leaves: in order; rids: by name. Names of the leaves of the exchange are those of `small_log.world`."""

    leaves: list[bytes] = field(default_factory=list)
    rids: dict[str, str] = field(default_factory=dict)
    count: int = 0

    def add(self, name: str, leaf: Leaf) -> str:
        data = encode(leaf)
        self.leaves.append(data)
        self.rids[name] = rid(data)
        return self.rids[name]

    def fresh(self) -> str:
        self.count += 1
        return nonce(f"watched {self.count}")

    def open(self, name: str = "act", t: int = T0 + 500, **changes: Any) -> str:
        leaf = structs.replace(small_log.opened(self.rids), **{"n": self.fresh(), "t": t, **changes})
        return self.add(name, leaf)

    def close(self, open_: str, t: int = T0 + 600, **changes: Any) -> str:
        return self.add("end", structs.replace(small_log.closed(open_), **{"n": self.fresh(), "t": t, **changes}))

    def act(self, t: int = T0 + 500, *, st: str = "done", **changes: Any) -> str:
        """An action from its beginning to its end; rid of its open leaf."""
        opened = self.open(t=t, **changes)
        self.close(opened, t + 50, st=st)
        return opened

    def order(self, scope: str, root: str, t: int = T0 + 450, **changes: Any) -> str:
        leaf = OrderLeaf(
            c=hidden(reason=b"why"), dig=[], kind="terminate", n=self.fresh(), root=root, scope=scope, sigs=[], t=t
        )
        return self.add("order", self.signed(structs.replace(leaf, **changes)))

    def release(self, order: str, t: int = T0 + 460) -> str:
        return self.add("release", self.signed(ReleaseLeaf(n=self.fresh(), order=order, sigs=[], t=t)))

    def signed(self, leaf: Any) -> Any:
        sigs = [statement.sign(leaf, ORIGIN, key(who), self.rids[who]) for who in OFFICERS]
        return structs.replace(leaf, sigs=sigs)

    def renewals(self, t0: int, t: int) -> str:
        return self.add("renewals", RenewalsLeaf(n=self.fresh(), num=1, root=fixed("root").hex(), t=t, t0=t0))

    def copy_ends(self, name: str = "app", t: int = T0 + 450) -> str:
        start = small_log.copy(name, self.rids[name])
        return self.add("end of copy", structs.replace(start, n=self.fresh(), st="end", t=t))

    def findings(self, now: int = NOW, limits: Limits = Limits(), step: int = 1000) -> list[Finding]:  # noqa: B008
        auditor = Auditor(Held(), ORIGIN, limits)
        found: list[Finding] = []
        for first in range(0, len(self.leaves), step):
            found += auditor.feed(first, self.leaves[first : first + step], now)
        return found + auditor.settle(now)


def honest() -> Watched:
    """Keys of the log and two officers, parties, a model and an application on it, their copies and warrants."""
    log = Watched()
    log.add("log key", KeyLeaf(n=log.fresh(), own=ORIGIN, pub=b64u(key("log").public), t=T0, use="log"))
    log.add("provider", small_log.party("Provider"))
    log.add("deployer", small_log.party("Deployer"))
    for who in OFFICERS:
        person = log.add(f"person {who}", small_log.party(who.replace(" ", "-")))
        leaf = KeyLeaf(
            n=log.fresh(), own=person, pub=b64u(key(who).public), roles=["officer"], sigs=[], t=T0, use="admin"
        )
        log.add(who, structs.replace(leaf, sigs=[statement.sign(leaf, ORIGIN, key(who), person)]))
    log.add("model", small_log.system("base", 1, "model", log.rids["provider"]))
    app = small_log.system("app", 2, "application", log.rids["deployer"], EdgeRef(p=log.rids["model"], rel="uses"))
    log.add("app", app)
    log.add("model copy", small_log.copy("base", log.rids["model"]))
    log.add("app copy", small_log.copy("app", log.rids["app"]))
    log.add("model warrant", small_log.warrant("base", log.rids["model"], log.rids["model copy"], log.rids["provider"]))
    log.add("app warrant", small_log.warrant("app", log.rids["app"], log.rids["app copy"], log.rids["deployer"]))
    log.act(T0 + 100)
    return log


__all__ = [
    "NOW", "OFFICERS", "CloseLeaf", "CopyLeaf", "OpenLeaf", "WarrantLeaf", "Watched", "a_rid", "honest",
]  # fmt: skip
