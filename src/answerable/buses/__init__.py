# SPDX-License-Identifier: Apache-2.0
"""Buses (`ports.Bus`): how processes of one registry tell each other that something is new."""
