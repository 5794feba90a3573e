# SPDX-License-Identifier: Apache-2.0
"""Encodings, signatures and seals. The only package that imports `cryptography`."""
