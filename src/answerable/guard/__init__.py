# SPDX-License-Identifier: Apache-2.0
"""Runs a program under a warrant: keeps the warrant fresh, holds the only way out, stops everything when it ends.

It stands alone: net, admission, log, crypto, model, errors and the standard library are all that it loads.
"""
