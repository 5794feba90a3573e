# SPDX-License-Identifier: Apache-2.0
"""Wire types and codecs of the protocols that callers and upstreams speak. Sans-io: bytes in, values out."""
