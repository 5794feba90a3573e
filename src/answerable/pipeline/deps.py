# SPDX-License-Identifier: Apache-2.0
"""What `carry` needs from outside, as one frozen value that the composition root fills."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field

from answerable.model.actions import Action
from answerable.model.records import System
from answerable.pipeline.clearances import Clearances
from answerable.pipeline.flights import Flights
from answerable.ports import (
    Budgets,
    Clock,
    Desk,
    Detector,
    Gate,
    Ledger,
    MediaLabeller,
    Meter,
    Models,
    Policy,
    Tools,
    Tracer,
)
from answerable.tools.calls import Calls
from answerable.tools.holds import Holds
from answerable.tools.spending import NOTHING_LIMITED


@dataclass(frozen=True, slots=True)
class Deps:
    """provider: the gateway operator's provider code, the label's ContentProducer. index_key: 32 bytes, for the keyed
    digests by which content is found again. deadline_s: seconds that one action may take from step 4 on. tier_of: the
    tier that a caller is judged at: the highest of its system and of those that made it. detectors: an empty tuple
    refuses every action (house rule 2). keep: of an action, its caller's system, its tier and the time, ms UTC, to when
    what is said is let go of, ms UTC, None where nothing is kept; without it the store decides. media: labels pictures
    and sound in answers; without it none leaves.

    tools, calls: the tools that may be called, and what makes the same call happen once; without both none is. holds:
    what waits for people; without it what must wait is refused. budgets: rates and budgets. attested: whether a system
    holds an attestation of that predicate type."""

    clock: Clock
    desk: Desk
    gate: Gate
    models: Models
    policies: tuple[Policy, ...]
    ledger: Ledger
    detectors: tuple[Detector, ...]
    meter: Meter
    tracer: Tracer
    flights: Flights
    duties_met: Callable[[System], bool]
    tier_of: Callable[[System], int]
    provider: str
    index_key: bytes
    deadline_s: float = 600.0
    keep: Callable[[Action, System, int, int], int | None] | None = None
    clearances: Clearances = field(default_factory=Clearances)
    media: MediaLabeller | None = None
    tools: Tools | None = None
    calls: Calls | None = None
    holds: Holds | None = None
    budgets: Budgets = NOTHING_LIMITED
    attested: Callable[[System, str], bool] = lambda _system, _predicate: False
