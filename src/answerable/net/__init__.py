# SPDX-License-Identifier: Apache-2.0
"""HTTP/1.1 on both sides (RFC 9110, RFC 9112): a client for upstreams, and the common parts of our listeners."""
