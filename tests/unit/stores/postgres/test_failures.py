# SPDX-License-Identifier: Apache-2.0
"""What the driver raises becomes an error of ours that quotes nothing."""

from __future__ import annotations

import asyncpg
import pytest

from answerable.stores.postgres.failures import failure


@pytest.mark.parametrize(
    ("error", "code"),
    [
        (asyncpg.DiskFullError("x"), "store.full"),
        (asyncpg.DataCorruptedError("x"), "store.damaged"),
        (asyncpg.IndexCorruptedError("x"), "store.damaged"),
        (asyncpg.LockNotAvailableError("x"), "store.locked"),
        (asyncpg.InvalidCatalogNameError("x"), "store.missing"),
        (asyncpg.UndefinedTableError("x"), "store.missing"),
        (asyncpg.InvalidPasswordError("x"), "store.denied"),
        (asyncpg.InsufficientPrivilegeError("x"), "store.denied"),
        (asyncpg.AdminShutdownError("x"), "store.unreachable"),
        (asyncpg.CannotConnectNowError("x"), "store.unreachable"),
        (asyncpg.ConnectionDoesNotExistError("x"), "store.unreachable"),
        (asyncpg.InterfaceError("x"), "store.unreachable"),
        (ConnectionRefusedError(), "store.unreachable"),
        (TimeoutError(), "store.unreachable"),
        (asyncpg.UniqueViolationError("Key (key)=(secret) exists"), "store.failed"),
        (asyncpg.QueryCanceledError("x"), "store.failed"),
    ],
)
def test_each_state_has_its_code(error: BaseException, code: str) -> None:
    made = failure(error, "local/x (answerable)")
    assert made.code == code
    assert "secret" not in str(made)
    assert type(error).__name__ in str(made) or code in ("store.full", "store.locked", "store.missing")
