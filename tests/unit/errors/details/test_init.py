# SPDX-License-Identifier: Apache-2.0
from __future__ import annotations

import time

import pytest

from answerable.errors import Refused, VerificationError
from answerable.errors.details import MAX_DETAIL, chinese, said


@pytest.mark.parametrize(
    ("english", "sentence"),
    [
        ("no sound", "没有声音"),
        ("more than 5 chunks", "数据块超过 5 个"),
        ("words in a script would break it", "在脚本中加入文字会使其损坏"),
        ("34 by 20 pixels are too few for its words; 71 by 71 would do", "34×20 像素容不下文字；71×71 即可"),
        ("iTXt XMP TC260:AIGC: not JSON", "iTXt XMP TC260:AIGC：不是 JSON"),
        ("aigc: labels that differ", "aigc：有互不相同的标识"),
        ("servers.a: revision: '1' is not spoken here", "servers.a：revision：此处不支持 '1'"),
        ("not CBOR that is read here: cut, or nested too deep", "不是此处可读的 CBOR：不完整，或嵌套过深"),
        ("fsync is off, it is a standby", "fsync 已关闭，它是备用服务器"),
        ("it is a standby, and more", "it is a standby, and more"),
        ("node a: was not heard; node b: knows change 4", "节点 a：尚未收到消息；节点 b：已知变更 4"),
        (
            "x.toml: a.b: -o names one file; --out-dir takes several",
            "x.toml：a.b：-o 指定单个文件；多个文件请用 --out-dir",
        ),
        ("The nonce or salt is not 16 bytes in base64url.", "随机数或盐不是以 base64url 表示的 16 字节"),
        ("not JSON; and so on", "不是 JSON；and so on"),
        ("one; another", "one; another"),
        ("somebody's own words", "somebody's own words"),
        ("a: b", "a: b"),
        ("", ""),
        ("more than {} chunks", "数据块超过 {} 个"),
        ("more than {0.__class__} chunks", "数据块超过 {0.__class__} 个"),
    ],
)
def test_what_stands_in_a_table_is_said_in_chinese(english: str, sentence: str) -> None:
    assert chinese(english) == sentence


def test_what_is_long_is_left_as_it_is() -> None:
    long = "more than " + "9" * MAX_DETAIL + " chunks"
    assert chinese(long) == long


def test_a_made_up_text_takes_no_longer() -> None:
    """Whoever asks may choose some of the words of a refusal: no shape goes back over them, no colon is followed for
    ever."""
    begun = time.process_time()
    for text in ("a: " * 130, "; " * 200, "a: not JSON; " * 30, "it is of " * 40, "x, " * 130, "{} is {} of " * 30):
        chinese(text)
    assert chinese("a: " * 130 + "not JSON") == "a: " * 130 + "not JSON"
    assert time.process_time() - begun < 2


def test_names_are_left_as_they_are() -> None:
    told = said({"detail": "not JSON", "model": "closed", "source": "this service", "size": 4})
    assert told == {"detail": "不是 JSON", "model": "closed", "source": "本服务", "size": 4}


def test_an_error_says_its_detail_in_the_language_of_its_sentence() -> None:
    error = VerificationError("format.oversized", format="png", detail="more than 7 chunks")
    assert "more than 7 chunks" in error.reason()
    assert ("数据块超过 7 个" in error.reason("zh"), "more than" in error.reason("zh")) == (True, False)
    told = error.as_dict()
    assert "数据块超过 7 个" in told["zh"]["reason"]
    assert told["params"]["detail"] == "more than 7 chunks"  # a term for programs
    unread = Refused("label.source", path="a.png", detail="Permission denied")
    assert "权限不足" in unread.reason("zh")
    assert Refused("label.several", count=2).reason("zh")
