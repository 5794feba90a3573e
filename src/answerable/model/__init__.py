# SPDX-License-Identifier: Apache-2.0
"""Frozen values that everything else speaks in. No I/O, no clock, nothing that can fail but construction."""
