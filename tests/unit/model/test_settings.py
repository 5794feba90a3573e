# SPDX-License-Identifier: Apache-2.0
from __future__ import annotations

import msgspec
import pytest

from answerable.model.settings import ServerConfig


def test_a_server_is_told_strictly() -> None:
    made = msgspec.convert({"kind": "stdio", "command": ["desk"], "system": "Desk"}, ServerConfig)
    assert (made.command, made.environment, made.revision) == (("desk",), {}, "auto")
    for wrong in ({"comand": ["desk"]}, {"connections": 0}, {"call_timeout_s": 0}, {"list_every_s": 0.5}):
        with pytest.raises(msgspec.ValidationError):
            msgspec.convert(wrong, ServerConfig)
