# SPDX-License-Identifier: Apache-2.0
"""Where a handle may be used from: a Unix socket, an address range (CIDR, RFC 4632) or one client certificate."""

from __future__ import annotations

import re
from dataclasses import dataclass
from ipaddress import IPv4Network, IPv6Address, IPv6Network, ip_address, ip_network
from typing import Final

from answerable.errors import Refused
from answerable.model.warrants import Peer

_SHA256: Final = re.compile(r"[0-9a-f]{64}")


@dataclass(frozen=True, slots=True)
class Binding:
    """One place. Exactly one of the members is set."""

    unix: bool = False
    network: IPv4Network | IPv6Network | None = None
    certificate: str = ""

    @classmethod
    def parse(cls, text: str) -> Binding:
        """Read ``unix``, ``cidr:<network>`` or ``mtls:<sha256 hex of the certificate>``. Raises Refused
        ``handle.binding``; a network with host bits set is refused too: it is more often a slip than a wish."""
        kind, _, value = text.partition(":")
        if text == "unix":
            return cls(unix=True)
        if kind == "mtls" and _SHA256.fullmatch(value):
            return cls(certificate=value)
        if kind == "cidr":
            try:
                return cls(network=ip_network(value))
            except ValueError:
                pass
        raise Refused("handle.binding", binding=text[:64])

    def holds(self, peer: Peer) -> bool:
        """Whether a call from `peer` comes from this place. An address that cannot be read comes from nowhere."""
        if self.unix:
            return peer.unix
        if self.certificate:
            return peer.certificate == self.certificate
        if self.network is None or peer.unix or not peer.address:
            return False
        try:
            address = ip_address(peer.address)
        except ValueError:
            return False
        if isinstance(address, IPv6Address) and address.ipv4_mapped is not None:
            address = address.ipv4_mapped  # a dual-stack listener shows IPv4 callers so
        return address in self.network
