# SPDX-License-Identifier: Apache-2.0
"""Warrants at work: who is given one, how it is kept fresh, which credential stands for it, and the gate that asks."""
