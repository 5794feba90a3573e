# SPDX-License-Identifier: Apache-2.0
from __future__ import annotations

import msgspec
import pytest

from answerable.model.calls import Call, CallState, Verdict


def test_a_row_is_short_and_strict() -> None:
    row = Call("r" * 32, CallState.BEGUN, 1_763_782_764_123, 1_763_869_164_123)
    data = msgspec.json.encode(row)
    assert data == b'["rrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrr","begun",1763782764123,1763869164123,"",""]'
    assert msgspec.json.decode(data, type=Call) == row
    before = data.replace(b',"",""]', b',""]')  # rows from before they said whose they are
    assert msgspec.json.decode(before, type=Call) == row
    with pytest.raises(msgspec.ValidationError):
        msgspec.json.decode(data.replace(b"begun", b"maybe"), type=Call)
    with pytest.raises(msgspec.ValidationError):
        msgspec.json.decode(data[:-1] + b",1]", type=Call)


def test_the_words_of_states_and_verdicts() -> None:
    assert [state.value for state in CallState] == ["begun", "done", "unknown"]
    assert [verdict.value for verdict in Verdict] == ["done", "undone"]
