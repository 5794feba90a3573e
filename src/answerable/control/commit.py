# SPDX-License-Identifier: Apache-2.0
"""From a plan to what is written: plans are made over what stands now, and made anew when something came between."""

from __future__ import annotations

from collections.abc import Callable
from typing import Final, Protocol, TypeVar

from answerable.control.services import Services
from answerable.errors import Refused
from answerable.model.units import Committed, Lane, Unit

ATTEMPTS: Final = 4  # each lost attempt means that another change was written: there is progress without us
# Stop orders come back until they stand: whoever floods the registry must not keep an officer from stopping it.
STOP_ATTEMPTS: Final = 256


class Plan(Protocol):
    @property
    def unit(self) -> Unit: ...


Planned = TypeVar("Planned", bound=Plan)


async def carry_out(services: Services, plan: Callable[[], Planned]) -> tuple[Planned, Committed]:
    """Plan, write; plan again if what it rested on changed meanwhile. Then raise the plan's own refusal, if it records
    one (a system that is born dead). Raises Refused ``log.conflict`` after several attempts, and what `plan` raises."""
    attempt = 0
    while True:
        attempt += 1
        planned = plan()
        most = STOP_ATTEMPTS if planned.unit.lane is Lane.STOP else ATTEMPTS
        try:
            committed = await services.ledger.commit(planned.unit)
        except Refused as error:
            if error.code != "log.conflict" or attempt >= most:
                raise
            continue
        services.book.learn(planned.unit.payloads)
        if (refusal := getattr(planned, "refusal", None)) is not None:
            raise refusal
        return planned, committed
