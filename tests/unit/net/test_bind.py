# SPDX-License-Identifier: Apache-2.0
import stat
from pathlib import Path

import pytest

from answerable.errors import Refused, Unavailable
from answerable.net.bind import is_loopback, private_directory, tcp, unix


def test_only_loopback_without_tls() -> None:
    assert is_loopback("127.3.2.1")
    assert is_loopback("::1")
    assert is_loopback("localhost")
    assert not is_loopback("0.0.0.0")
    assert not is_loopback("localhost.example.com")
    with pytest.raises(Refused) as caught:
        tcp("0.0.0.0", 0, tls=False)
    assert caught.value.code == "config.unsafe_bind"
    tcp("0.0.0.0", 0, tls=False, unsafe=True).close()
    tcp("0.0.0.0", 0, tls=True).close()


def test_a_port_in_use() -> None:
    first = tcp("127.0.0.1", 0, tls=False)
    with pytest.raises(Unavailable) as caught:
        tcp("127.0.0.1", first.getsockname()[1], tls=False)
    assert caught.value.code == "request.bind"
    first.close()


def test_a_unix_socket_is_its_owners_alone(tmp_path: Path) -> None:
    path = tmp_path / "s.sock"
    made = unix(path)
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    with pytest.raises(Unavailable):
        unix(path)  # it answers
    made.close()
    unix(path).close()  # a dead process left it


def test_a_file_in_the_way_is_not_removed(tmp_path: Path) -> None:
    path = tmp_path / "s.sock"
    path.write_text("mine")
    with pytest.raises(Unavailable):
        unix(path)
    assert path.read_text() == "mine"


def test_a_private_directory(tmp_path: Path) -> None:
    path = private_directory(tmp_path / "a" / "b")
    assert stat.S_IMODE(path.stat().st_mode) == 0o700
    path.chmod(0o755)
    with pytest.raises(Unavailable):
        private_directory(path)
