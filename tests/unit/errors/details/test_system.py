# SPDX-License-Identifier: Apache-2.0
from __future__ import annotations

import errno
import os

import pytest

from answerable.errors.details import chinese
from answerable.errors.details.system import DETAILS

MET = ("ENOENT", "EACCES", "EPERM", "EISDIR", "ENOTDIR", "EEXIST", "ENOSPC", "EDQUOT", "EFBIG", "EROFS", "ENAMETOOLONG",
       "ELOOP", "EMFILE", "EIO", "EINVAL")  # fmt: skip


@pytest.mark.parametrize("name", MET)
def test_what_the_system_says_is_said_in_chinese(name: str) -> None:
    english = os.strerror(getattr(errno, name))
    assert chinese(english) == DETAILS[english] != english
