# SPDX-License-Identifier: Apache-2.0
"""Offline verification: no store, no network, no clock; on `log`, `admission`, `crypto`, `model` and `errors` alone."""
