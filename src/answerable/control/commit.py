# SPDX-License-Identifier: Apache-2.0
"""From a plan to what is written: plans are made over what stands now, and made anew when something came between."""

from __future__ import annotations

from collections.abc import Callable
from typing import Final, Protocol, TypeVar

from answerable.control.services import Services
from answerable.errors import Refused
from answerable.model.units import Committed, Unit

ATTEMPTS: Final = 4  # each lost attempt means that another change was written: there is progress without us


class Plan(Protocol):
    @property
    def unit(self) -> Unit: ...


Planned = TypeVar("Planned", bound=Plan)


async def carry_out(services: Services, plan: Callable[[], Planned]) -> tuple[Planned, Committed]:
    """Plan, write; plan again if what it rested on changed meanwhile. Then raise the plan's own refusal, if it records
    one (a system that is born dead). Raises Refused ``log.conflict`` after several attempts, and what `plan` raises."""
    for attempt in range(1, ATTEMPTS + 1):
        planned = plan()
        try:
            committed = await services.ledger.commit(planned.unit)
        except Refused as error:
            if error.code != "log.conflict" or attempt == ATTEMPTS:
                raise
            continue
        if (refusal := getattr(planned, "refusal", None)) is not None:
            raise refusal
        return planned, committed
    raise Refused("log.conflict")
