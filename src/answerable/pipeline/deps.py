# SPDX-License-Identifier: Apache-2.0
"""What `carry` needs from outside, as one frozen value that the composition root fills."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field

from answerable.model.actions import Action
from answerable.model.records import System
from answerable.pipeline.clearances import Clearances
from answerable.pipeline.flights import Flights
from answerable.ports import Clock, Desk, Detector, Gate, Ledger, MediaLabeller, Meter, Models, Policy, Tracer


@dataclass(frozen=True, slots=True)
class Deps:
    """provider: the gateway operator's provider code, the label's ContentProducer. index_key: 32 bytes, for the keyed
    digests by which content is found again. deadline_s: seconds that one action may take from step 4 on. detectors: an
    empty tuple refuses every action (house rule 2). keep: of an action, its caller's system, its tier and the time, ms
    UTC, to when what is said is let go of, ms UTC, None where nothing is kept; without it the store decides.
    media: labels pictures and sound in answers; without it none leaves."""

    clock: Clock
    desk: Desk
    gate: Gate
    models: Models
    policies: tuple[Policy, ...]
    policy_digest: str
    ledger: Ledger
    detectors: tuple[Detector, ...]
    meter: Meter
    tracer: Tracer
    flights: Flights
    duties_met: Callable[[System], bool]
    provider: str
    index_key: bytes
    deadline_s: float = 600.0
    keep: Callable[[Action, System, int, int], int | None] | None = None
    clearances: Clearances = field(default_factory=Clearances)
    media: MediaLabeller | None = None
