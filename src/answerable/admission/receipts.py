# SPDX-License-Identifier: Apache-2.0
"""A holder's signed word that it stopped (`docs/spec/stop-receipt.md`): the statement of a `receipt` leaf, on its way.

running -> draining -> stopped -> sealed, forward only.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Annotated, Any, Final

import msgspec

from answerable.admission.orders import Signing
from answerable.crypto import canonical
from answerable.crypto.b64 import unb64u
from answerable.errors import Refused, VerificationError
from answerable.log import statement
from answerable.log.leaf import is_rid
from answerable.model.leaves import ReceiptLeaf, Sig

MEDIA_TYPE: Final = "application/vnd.answerable.stop-receipt+json"
MAX_RECEIPT: Final = 2_048
NONCE_LENGTH: Final = 16

Int = Annotated[int, msgspec.Meta(ge=0, le=canonical.MAX_INTEGER)]
Text = Annotated[str, msgspec.Meta(min_length=1, max_length=512)]


class StopState(StrEnum):
    """draining: nothing new is admitted, what runs is brought to its end; stopped: nothing acts; sealed: nothing can
    act again (weights sealed, processes gone)."""

    RUNNING = "running"
    DRAINING = "draining"
    STOPPED = "stopped"
    SEALED = "sealed"


_ORDER: Final = tuple(StopState)


class _Receipt(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    holder: Text
    in_flight: Int
    n: Text
    order: Text
    sig: Text
    stop_state: StopState
    t_last_action: Int
    t_received: Int
    v: Int


@dataclass(frozen=True, slots=True)
class Receipt:
    """order: rid; holder: rid of the copy (or key) leaf whose key signs; t_received: when the holder knew of the order;
    t_last_action: when it admitted its last action that the order reaches, 0 for none; in_flight: actions that still
    run. Times in ms UTC by the holder's clock."""

    order: str
    holder: str
    t_received: int
    t_last_action: int
    in_flight: int
    stop_state: StopState
    n: str
    sig: str = ""

    def leaf(self, t: int = 0) -> ReceiptLeaf:
        """The leaf that stands for it in the log; t: ms UTC, the instant of its commit."""
        return ReceiptLeaf(
            fly=self.in_flight,
            last=self.t_last_action,
            n=self.n,
            order=self.order,
            own=self.holder,
            rcv=self.t_received,
            sig=self.sig,
            st=self.stop_state.value,
            t=t,
        )


def make(receipt: Receipt, signer: Signing, origin: str) -> bytes:
    """The signed bytes. Raises VerificationError ``order.receipt`` for what `read` would not take."""
    signed = statement.sign(receipt.leaf(), origin, signer, receipt.holder)
    data = canonical.dumps(
        {
            "holder": receipt.holder,
            "in_flight": receipt.in_flight,
            "n": receipt.n,
            "order": receipt.order,
            "sig": signed.sig,
            "stop_state": receipt.stop_state.value,
            "t_last_action": receipt.t_last_action,
            "t_received": receipt.t_received,
            "v": 1,
        }
    )
    peek(data)
    return data


def peek(data: bytes) -> Receipt:
    """The receipt without a look at its signature: to find out whose it says it is. Raises VerificationError
    ``order.receipt``; nothing else, whatever the bytes."""
    if len(data) > MAX_RECEIPT:
        raise _refused(f"longer than {MAX_RECEIPT} bytes")
    try:
        raw: Any = canonical.loads(data)
        whole = msgspec.convert(raw, _Receipt, strict=True)
        same = canonical.dumps(raw) == data
        length = len(unb64u(whole.n))
    except msgspec.ValidationError:
        raise _refused("wrong members") from None
    except VerificationError as error:
        raise _refused(str(error.params.get("detail"))) from None
    if not same or whole.v != 1 or length != NONCE_LENGTH:
        raise _refused("another form or version")
    if not is_rid(whole.order) or not is_rid(whole.holder):
        raise _refused("an order or a holder that is no record id")
    return Receipt(
        order=whole.order,
        holder=whole.holder,
        t_received=whole.t_received,
        t_last_action=whole.t_last_action,
        in_flight=whole.in_flight,
        stop_state=whole.stop_state,
        n=whole.n,
        sig=whole.sig,
    )


def read(data: bytes, keys: Mapping[str, bytes], origin: str) -> Receipt:
    """The receipt of one of the holders in `keys` (rid -> public key, 32 bytes). Raises VerificationError
    ``order.receipt``; nothing else, whatever the bytes."""
    receipt = peek(data)
    public = keys.get(receipt.holder)
    if public is None:
        raise _refused("a holder that is not known")
    try:
        statement.verify(receipt.leaf(), origin, Sig(key=receipt.holder, sig=receipt.sig), public)
    except VerificationError:
        raise _refused("a signature that is not the holder's") from None
    return receipt


def follows(old: StopState, new: StopState) -> None:
    """Return if `new` may come after `old`; the same again may. Raises Refused ``order.backwards``."""
    if _ORDER.index(new) < _ORDER.index(old):
        raise Refused("order.backwards", old=old.value, new=new.value)


def _refused(detail: str) -> VerificationError:
    return VerificationError("order.receipt", detail=detail)
