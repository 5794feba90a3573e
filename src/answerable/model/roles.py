# SPDX-License-Identifier: Apache-2.0
"""Which roles of a person suffice for what a role may do."""

from __future__ import annotations

from collections.abc import Iterable

from answerable.model.terms import AdminRole

_LADDER = (AdminRole.VIEWER, AdminRole.OPERATOR, AdminRole.ADMINISTRATOR)


def sufficient(role: AdminRole) -> frozenset[AdminRole]:
    """An administrator may do what an operator may, an operator what a viewer may; everyone may look. Nobody but an
    officer signs as an officer, nobody but an approver approves: two-person rules need disjoint roles."""
    if role is AdminRole.VIEWER:
        return frozenset(AdminRole)
    if role in _LADDER:
        return frozenset(_LADDER[_LADDER.index(role) :])
    return frozenset((role,))


def may(roles: Iterable[AdminRole], needed: AdminRole) -> bool:
    return not sufficient(needed).isdisjoint(roles)
