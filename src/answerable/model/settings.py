# SPDX-License-Identifier: Apache-2.0
"""Tables of the configuration that stand apart from `answerable.config`."""

from __future__ import annotations

from typing import Annotated

import msgspec
from msgspec import Meta

from answerable.model.terms import Locality


class ServerConfig(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A tool server, `/mcp/NAME`. kind: `http` (`url`, streamable HTTP), `stdio` (`command`, a child process) or
    `registry` (this registry itself, for agents that make agents).
    system: name or id of the registered system that it is. credential_file: what the gate alone has, sent in `header`.
    environment: all that a child sees, beside `secrets`: name -> file that holds its value. revision: `auto`,
    2026-07-28 or 2025-11-25."""

    kind: str = "http"
    system: str = ""
    url: str = ""
    command: tuple[str, ...] = ()
    directory: str = "/"
    environment: dict[str, str] = {}
    secrets: dict[str, str] = {}
    credential_file: str = ""
    header: str = "authorization"
    ca_file: str = ""
    locality: Locality = Locality.EXTERNAL
    revision: str = "auto"
    connections: Annotated[int, Meta(ge=1, le=4_096)] = 64  # calls at the same time
    connect_timeout_s: Annotated[float, Meta(gt=0, le=600)] = 5.0
    call_timeout_s: Annotated[float, Meta(gt=0, le=86_400)] = 60.0
    list_every_s: Annotated[float, Meta(ge=1, le=86_400)] = 60.0  # its list is asked for so often, and when it changes
