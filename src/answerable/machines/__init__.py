# SPDX-License-Identifier: Apache-2.0
"""Machines that move: the device's own deciding half, transports to it, and a simulated cart (`docs/spec/device.md`).

Stops here are Stop 1 of IEC 60204-1: brake, stand, then power off. None of it is an emergency stop.
"""
