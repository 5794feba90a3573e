# SPDX-License-Identifier: Apache-2.0
from answerable.model.warrants import Credential, Peer


def test_a_credential_hides_its_value() -> None:
    shown = repr(Credential("ans_very-secret", Peer("127.0.0.1")))
    assert "very-secret" not in shown
    assert "127.0.0.1" in shown
