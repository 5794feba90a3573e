# SPDX-License-Identifier: Apache-2.0
"""What a service and a gateway node are wired from alike: plugins, the path's dependencies, the outer listener.

A gateway node (`app.node`) has another directory and another issuer than the service (`app.service`), and nothing else
on the path: what an action goes through is put together here once.
"""

from __future__ import annotations

import os
import socket
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

from answerable import plugins
from answerable.app.core import Core
from answerable.app.media_child import Order
from answerable.app.media_labelling import ChildLabeller
from answerable.config import Certificates, Config
from answerable.crypto.random import nonce
from answerable.errors import Refused
from answerable.formats.api_text import dialects
from answerable.formats.mcp_result import McpResult
from answerable.gateway.app import Gateway
from answerable.gateway.handed import Take
from answerable.gateway.mcp import ToolEndpoint
from answerable.log.leaf import encode
from answerable.model.leaves import PluginLeaf
from answerable.model.units import Unit
from answerable.net.bind import tcp
from answerable.net.server import Listener
from answerable.pipeline.deps import Deps
from answerable.telemetry.metrics import Metrics
from answerable.telemetry.steps import Spans
from answerable.upstreams.energy import find
from answerable.upstreams.meter import CallMeter, Rates


async def load_plugins(core: Core, port: str, names: tuple[str, ...]) -> tuple[Any, ...]:
    """Load, and write down what was loaded: the record of a decision is worth little without who decided. Raises as
    `plugins.load`, Unavailable ``log.*``."""
    loaded = plugins.load(port, names)
    leaves = [
        encode(PluginLeaf(dig=p.digest, n=nonce(), name=p.name, port=p.port, t=core.now, ver=p.version)) for p in loaded
    ]
    if leaves and core.ledger.failure is None:
        await core.ledger.commit(Unit(leaves=tuple(leaves)))
    return tuple(p.value for p in loaded)


def outer_socket(config: Config) -> socket.socket:
    """The gateway's bound socket. Raises Refused ``config.*``, Unavailable ``request.bind``."""
    return tcp(
        config.gateway.host,
        config.gateway.port,
        tls=bool(config.gateway.tls_certificate),
        unsafe=config.gateway.unsafe_bind,
    )


def outer_listener(
    config: Config, sock: socket.socket, deps: Deps, metrics: Metrics, ready: Any, orders: Take
) -> Listener:
    """Where OpenAI's protocol is spoken. ready: parts of the service, for `gateway.readiness`; orders: hears what
    holders hand on. Raises Refused ``config.value`` for a certificate that cannot be used."""
    gateway = Gateway(
        deps,
        dialects(),
        metrics=metrics.render,
        ready=ready,
        hosts=config.gateway.hosts,
        data_class=config.gateway.data_class,
        max_body=config.gateway.max_body,
        max_calls=config.gateway.max_flights,
        orders=orders,
        hosted_tools=config.gateway.hosted_tools,
        servers=ToolEndpoint(deps, McpResult(), page=config.holds.url, secure=bool(config.gateway.tls_certificate)),
    )
    return Listener(
        gateway,
        sock,
        certificate=as_path(config.gateway.tls_certificate),
        key=as_path(config.gateway.tls_key),
        possession=asks_certificates(config),
        authorities=as_path(config.gateway.client_ca_file),
        body_s=config.gateway.body_timeout_s,
    )


def asks_certificates(config: Config) -> bool:
    """Whether clients of the gateway are asked to show a key: over TLS alone."""
    return bool(config.gateway.tls_certificate) and config.gateway.client_certificates is not Certificates.OFF


def demands_certificates(config: Config) -> bool:
    """Whether no warrant counts without the certificate of its key. Raises Refused ``config.value`` where that is
    wanted and no client could ever show one."""
    demanded = config.gateway.client_certificates is Certificates.DEMAND
    if demanded and not config.gateway.tls_certificate:
        raise Refused("config.value", detail="gateway.client_certificates: demand needs gateway.tls_certificate")
    return demanded


def base_url(config: Config, outer: Listener) -> str:
    """For OpenAI's clients, with ``/v1``."""
    return f"{'https' if outer.tls else 'http'}://{host_of(config.gateway.host)}:{outer.port}/v1"


def labels_media(
    config: Config, provider: str, pin: Callable[[], Awaitable[None]] | None = None, *, signs: bool = True
) -> ChildLabeller:
    """Labels pictures and sound in answers. signs: whether this store's own keys sign and mark them."""
    order = Order(
        provider=provider,
        parent=os.getpid(),
        store=str(config.store_path) if signs else "",
        watermark=config.labels.watermark,
        c2pa=config.labels.c2pa,
        tsa=config.labels.c2pa_tsa,
    )
    return ChildLabeller(order, pin)


def meter_of(config: Config) -> CallMeter:
    declared = config.meter
    rates = Rates(declared.millijoule_per_token, declared.currency, declared.price_in, declared.price_out)
    return CallMeter(rates, counters=find(declared.source))


def spans_of(config: Config) -> Spans | None:
    if not config.telemetry.otel:
        return None
    from answerable.telemetry.spans import OTelSpans

    return OTelSpans()


def as_path(text: str) -> Path | None:
    return Path(text).expanduser() if text else None


def host_of(host: str) -> str:
    """As it stands in a URL."""
    return f"[{host}]" if ":" in host and not host.startswith("[") else host
