# SPDX-License-Identifier: Apache-2.0
from __future__ import annotations

import pickle

import pytest

from answerable.errors import CATALOGUE, AnswerableError, Refused, Unavailable
from answerable.errors.catalogue import Entry


def test_an_error_says_its_reason_and_remedy_in_both_languages() -> None:
    error = Refused("warrant.world", world="physical")
    assert "physical" in error.reason()
    assert "physical" in error.reason("zh")
    assert error.remedy() != error.remedy("zh")
    assert str(error).startswith("warrant.world: ")


def test_there_is_one_json_shape() -> None:
    shape = Unavailable("upstream.timeout").as_dict()
    assert {"message", "type", "param", "code", "reason", "remedy", "zh", "doc", "params"} == set(shape)
    assert shape["type"] == "unavailable"


def test_an_unknown_code_is_a_defect() -> None:
    with pytest.raises(KeyError):
        Refused("no.such.code")


def test_a_parameter_that_is_missing_does_not_hide_the_error() -> None:
    assert "?" in Refused("warrant.world").reason()


def test_an_error_survives_pickling() -> None:
    again: AnswerableError = pickle.loads(pickle.dumps(Refused("warrant.world", world="x")))
    assert (type(again), again.code, again.params) == (Refused, "warrant.world", {"world": "x"})


def test_every_entry_has_a_status_that_clients_do_not_misread() -> None:
    """Clients retry 409; a refusal must not be repeated."""
    assert all(
        isinstance(entry, Entry) and entry.http != 409 and entry.exit in range(1, 6) for entry in CATALOGUE.values()
    )
