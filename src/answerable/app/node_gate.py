# SPDX-License-Identifier: Apache-2.0
"""The gate of a gateway node: the one admission function over the replica of the registry and over what the node was
told besides, orders and pulse. It decides by itself.

Nothing is admitted before this run of the node has seen the control plane: what was stopped while it was down is not
known to it, and a warrant that a caller shows may be of the time before.
"""

from __future__ import annotations

from collections.abc import Callable

from answerable.admission.holding import HolderView
from answerable.app.node_replica import Replica
from answerable.errors import AnswerableError, Refused, Unavailable
from answerable.model.warrants import Bearer
from answerable.ports import Clock
from answerable.warrants.gate import Gate


class NodeGate(Gate):
    """Implements `ports.Gate`. audience: this node's; view: the orders and the pulse that it was told."""

    __slots__ = ("_behind", "_replica", "_seen")

    def __init__(
        self,
        replica: Replica,
        clock: Clock,
        audience: str,
        view: HolderView,
        behind: Callable[[], object] = lambda: None,
    ) -> None:
        """behind: called where a warrant shows that the issuer knows of orders that are not known here."""
        super().__init__(replica, clock, audience, view)
        self._behind = behind
        self._replica = replica
        self._seen = view

    def admit(self, bearer: Bearer) -> None:
        """As `Gate.admit`; raises Unavailable ``node.unseen`` too."""
        if not self._replica.seen:
            raise Unavailable("node.unseen")
        try:
            super().admit(bearer)
        except Refused as error:
            if error.code == "stop.stale":
                self._behind()
            raise

    def problem(self) -> str:
        """Code of why nothing at all is admitted now, "" where nothing keeps it."""
        if not self._replica.seen:
            return "node.unseen"
        try:
            self._seen.check(self._clock.now_ms(), self._clock.mono_ms())
        except AnswerableError as error:
            return error.code
        return ""
