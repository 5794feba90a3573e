# SPDX-License-Identifier: Apache-2.0
from __future__ import annotations

import pytest

from answerable.errors import Refused
from answerable.model.warrants import Peer
from answerable.warrants.bindings import Binding

CERT = "ab" * 32


@pytest.mark.parametrize(
    ("binding", "peer", "holds"),
    [
        ("unix", Peer(unix=True), True),
        ("unix", Peer(address="127.0.0.1"), False),
        ("cidr:127.0.0.0/8", Peer(address="127.8.9.1"), True),
        ("cidr:127.0.0.0/8", Peer(address="128.0.0.1"), False),
        ("cidr:127.0.0.0/8", Peer(address="::ffff:127.0.0.1"), True),
        ("cidr:127.0.0.0/8", Peer(address="::1"), False),
        ("cidr:127.0.0.0/8", Peer(), False),
        ("cidr:127.0.0.0/8", Peer(unix=True, address="127.0.0.1"), False),
        ("cidr:127.0.0.0/8", Peer(address="localhost"), False),
        ("cidr:fd00::/8", Peer(address="fd12::1"), True),
        ("cidr:fd00::/8", Peer(address="10.0.0.1"), False),
        (f"mtls:{CERT}", Peer(address="10.0.0.1", certificate=CERT), True),
        (f"mtls:{CERT}", Peer(address="10.0.0.1"), False),
        (f"mtls:{CERT}", Peer(certificate="cd" * 32), False),
    ],
)
def test_holds_where_it_was_bound(binding: str, peer: Peer, holds: bool) -> None:
    assert Binding.parse(binding).holds(peer) is holds


@pytest.mark.parametrize(
    "text",
    ["", "any", "unix:", "cidr:", "cidr:10.0.0.1/8", "cidr:0.0.0.0/33", "mtls:", f"mtls:{CERT.upper()}", "mtls:ab"],
)
def test_what_is_no_binding(text: str) -> None:
    with pytest.raises(Refused) as refusal:
        Binding.parse(text)
    assert refusal.value.code == "handle.binding"
