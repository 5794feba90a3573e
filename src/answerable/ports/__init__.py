# SPDX-License-Identifier: Apache-2.0
"""The ports: what the path needs from outside, as Protocols. The docstring is the contract; `tests/conformance` runs
one suite over every adapter of a port.

Contract common to all: an adapter raises errors of `answerable.errors` alone; what it cannot do now is `Unavailable`,
what it will not do is `Refused`. It never blocks the event loop for longer than a few milliseconds.
"""

from __future__ import annotations

from answerable.ports.admitting import Desk, Gate
from answerable.ports.budgets import Budgets, Reservation
from answerable.ports.devices import Device
from answerable.ports.dialects import Decoder, Dialect, Out, Transcript
from answerable.ports.directory import Directory, Group, Reach
from answerable.ports.host import Bus, Clock, Signer
from answerable.ports.labelling import LabelFormat, LabelWriter, MediaLabeller, Piece
from answerable.ports.metering import Meter, Metering, Trace, Tracer
from answerable.ports.serving import Models, Reply, Served, Upstream
from answerable.ports.stores import Held, Ledger, Store, StoreView
from answerable.ports.tools import OwnTools, ToolDialect, Tools, ToolServer
from answerable.ports.watching import Detector, LogDetector, Policy, Watch

__all__ = [
    "Budgets",
    "Bus",
    "Clock",
    "Decoder",
    "Desk",
    "Detector",
    "Device",
    "Dialect",
    "Directory",
    "Gate",
    "Group",
    "Held",
    "LabelFormat",
    "LabelWriter",
    "Ledger",
    "LogDetector",
    "MediaLabeller",
    "Meter",
    "Metering",
    "Models",
    "Out",
    "OwnTools",
    "Piece",
    "Policy",
    "Reach",
    "Reply",
    "Reservation",
    "Served",
    "Signer",
    "Store",
    "StoreView",
    "ToolDialect",
    "ToolServer",
    "Tools",
    "Trace",
    "Tracer",
    "Transcript",
    "Upstream",
    "Watch",
]
