# SPDX-License-Identifier: Apache-2.0
"""`doctor` at a PostgreSQL store: whether the server keeps what it acknowledges, and what this role could do to it."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from answerable.cli.doctor import FAIL, OK, WARN, Finding
from answerable.cli.talk import pick
from answerable.config import Config
from answerable.errors import AnswerableError

CHECK: Final = "database"
_FACTS: Final = """
SELECT current_setting('server_version') AS version, current_setting('data_checksums') = 'on' AS checksums,
    current_setting('synchronous_standby_names') <> '' AS waits, rolsuper AS super FROM pg_roles
    WHERE rolname = current_user
"""
_MAY: Final = "SELECT has_table_privilege('segment', 'UPDATE') OR has_table_privilege('segment', 'DELETE') AS rewrite"


def look(config: Config) -> Iterator[Finding]:
    """Nothing for a store without a database."""
    from answerable.app.stores import address
    from answerable.stores.postgres import schema
    from answerable.stores.postgres.session import Session

    lang = pick("en", "zh")
    try:
        where = address(config)
        if where is None:
            return
        session = Session(where, reading=True)
    except AnswerableError as error:
        yield Finding(CHECK, FAIL, error.reason(lang), error.remedy(lang))
        return
    try:
        schema.sound(session)
        schema.check(session)
        facts, may = session.row(_FACTS), session.row(_MAY)
    except AnswerableError as error:
        yield Finding(CHECK, FAIL, error.reason(lang), error.remedy(lang))
        return
    finally:
        session.close()
    yield Finding(CHECK, OK, f"PostgreSQL {facts['version']}, {where.server}")
    if where.unsafe:
        yield Finding(
            CHECK,
            WARN,
            pick("any server is taken, also one that forgets", "接受任何服务器，包括可能丢失数据的服务器"),
            pick("Take store.unsafe_server out.", "请移除 store.unsafe_server。"),
        )
    if facts["super"] or may["rewrite"]:
        yield Finding(
            CHECK,
            WARN,
            pick("this role may change records that are written", "该角色可以修改已写入的记录"),
            pick(
                "Serve under a role of its own with the rights of docs/operate/postgresql.md.",
                "请按 docs/operate/postgresql.md 使用权限最小的专用角色提供服务。",
            ),
        )
    if not facts["checksums"]:
        yield Finding(
            CHECK,
            WARN,
            pick("its pages have no checksums", "数据页未启用校验和"),
            pick("Run pg_checksums --enable while it is stopped.", "请在停机时运行 pg_checksums --enable。"),
        )
    if not facts["waits"]:
        yield Finding(
            CHECK,
            OK,
            pick(
                "it waits for no standby: a failover may lose records, and the guard then refuses to go on",
                "不等待备库：故障切换可能丢失记录，此时守卫会拒绝继续",
            ),
        )
