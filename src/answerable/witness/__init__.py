# SPDX-License-Identifier: Apache-2.0
"""Witnesses: one that two companies run for each other, and how a log asks its own (C2SP tlog-witness)."""
