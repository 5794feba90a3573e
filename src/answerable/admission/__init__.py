# SPDX-License-Identifier: Apache-2.0
"""Admission: read a warrant, know which stops reach it, and say whether it admits. No I/O, no clock.

The same functions run at gateway, guard, issuer and registry, so that none of them can disagree with another.
"""
