# SPDX-License-Identifier: Apache-2.0
"""Events from elsewhere: the same route as on the control plane's socket, hung into the holders' plane. A guard, a
gateway node or a device reaches no socket of ours; what it tells proves itself."""

from __future__ import annotations

from typing import Final

import msgspec

from answerable.admission.reports import Report
from answerable.control.routes.redlines import tell
from answerable.control.routing import PREFIX
from answerable.control.routing import Call as Asked
from answerable.control.services import Services
from answerable.errors import Refused
from answerable.relay.routes import Answer, Call, Route

PATH: Final = PREFIX + "/events"
MAX_BODY: Final = 32 << 10
_report = msgspec.json.Decoder(Report)


def routes(services: Services) -> tuple[Route, ...]:
    """What the holders' plane answers to those who tell something."""

    async def take(call: Call) -> Answer:
        try:
            report = _report.decode(call.body)
        except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError):
            raise Refused("redline.event_malformed", detail="no report") from None
        return Answer(msgspec.json.encode(await tell(services, Asked(report))))

    return (Route("POST", PATH, take, MAX_BODY),)
