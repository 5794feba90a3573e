# SPDX-License-Identifier: Apache-2.0
"""All routes of the control plane. One module a noun; each ends in its own `ROUTES`."""

from __future__ import annotations

from typing import Final

from answerable.control.routes import (
    admins,
    confirmed,
    copies,
    data,
    drills,
    envelopes,
    erasures,
    feed,
    handles,
    incidents,
    labels,
    log,
    nodes,
    officers,
    parties,
    pins,
    policy,
    pulses,
    recover,
    redlines,
    retention,
    status,
    stops,
    systems,
    text_marks,
    transfers,
    warrants,
    who,
)
from answerable.control.routing import Route

ROUTES: Final[tuple[Route, ...]] = (
    *status.ROUTES,
    *parties.ROUTES,
    *admins.ROUTES,
    *systems.ROUTES,
    *transfers.ROUTES,
    *copies.ROUTES,
    *nodes.ROUTES,
    *recover.ROUTES,
    *drills.ROUTES,
    *warrants.ROUTES,
    *envelopes.ROUTES,
    *handles.ROUTES,
    *stops.ROUTES,
    *officers.ROUTES,
    *confirmed.ROUTES,
    *redlines.ROUTES,
    *incidents.ROUTES,
    *who.ROUTES,
    *labels.ROUTES,
    *text_marks.ROUTES,
    *log.ROUTES,
    *erasures.ROUTES,
    *retention.ROUTES,
    *data.ROUTES,
    *feed.ROUTES,
    *policy.ROUTES,
    *pulses.ROUTES,
    *pins.ROUTES,
)
