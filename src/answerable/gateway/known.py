# SPDX-License-Identifier: Apache-2.0
"""Who asks for something that is no action, and so leaves no record: a list, a handshake."""

from __future__ import annotations

from answerable.errors import Refused
from answerable.model.warrants import Bearer, Credential
from answerable.pipeline.deps import Deps


async def admitted(credential: Credential, deps: Deps) -> Bearer:
    """The caller, under a live warrant. Raises the refusal of one that is not admitted; it is counted, since nothing
    that a record could name was asked for."""
    try:
        caller = await deps.desk.present(credential)
        deps.gate.admit(caller)
    except Refused as error:
        deps.ledger.count_refusal(error.code)
        raise
    return caller
