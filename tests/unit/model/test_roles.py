# SPDX-License-Identifier: Apache-2.0
import pytest

from answerable.model.roles import may, sufficient
from answerable.model.terms import AdminRole

R = AdminRole


@pytest.mark.parametrize(
    ("roles", "needed", "answer"),
    [
        ((R.VIEWER,), R.VIEWER, True),
        ((R.VIEWER,), R.OPERATOR, False),
        ((R.OPERATOR,), R.VIEWER, True),
        ((R.ADMINISTRATOR,), R.OPERATOR, True),
        ((R.OPERATOR,), R.ADMINISTRATOR, False),
        ((R.OFFICER,), R.VIEWER, True),
        ((R.OFFICER,), R.OPERATOR, False),
        ((), R.VIEWER, False),
    ],
)
def test_the_ladder(roles: tuple[AdminRole, ...], needed: AdminRole, answer: bool) -> None:
    assert may(roles, needed) is answer


@pytest.mark.parametrize("needed", [R.OFFICER, R.APPROVER])
def test_no_other_role_stands_in_where_two_persons_are_required(needed: AdminRole) -> None:
    assert sufficient(needed) == {needed}
