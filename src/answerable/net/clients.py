# SPDX-License-Identifier: Apache-2.0
"""A client's own certificate in a TLS context: proof, with each connection, that it holds a key (RFC 8705)."""

from __future__ import annotations

import os
import ssl

from answerable.crypto.ed25519 import Key
from answerable.crypto.possession import certificate


def show(context: ssl.SSLContext, key: Key, name: str) -> None:
    """Connections of `context` show that they hold `key`. name: SPIFFE id of the copy that connects."""
    # The library reads files alone: this one is in memory, and gone with its descriptor.
    held = os.memfd_create("possession", os.MFD_CLOEXEC)
    try:
        with open(held, "wb", closefd=False) as file:
            file.write(certificate(key, name) + key.pem())
        context.load_cert_chain(f"/proc/self/fd/{held}")
    finally:
        os.close(held)
