# SPDX-License-Identifier: Apache-2.0
"""What stands between an agent and a tool: the registry of tools, pins, envelopes, approvals by people, budgets, rates,
and that the same call happens once. Pure: plans and riders over the directory, joined to the path's own units."""
