# SPDX-License-Identifier: Apache-2.0
"""What the control plane does not take or cannot do: `answerable.control`."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

DETAILS: Final[Mapping[str, str]] = {
    "no Proof": "没有 Proof",
    "no copy": "没有运行副本",
    "no person": "没有人员",
    "no party": "没有责任主体",
    "no fingerprint": "没有指纹",
    "no code of an error": "没有错误代码",
    "it names a close leaf, a reading names the open leaf": "它指向关闭叶子，而读取应指向开启叶子",
    "there are {} pages": "共有 {0} 页",
    "page {} of the feed cannot be made again": "监管信息流第 {0} 页无法重新生成",
    "page {} of the feed is missing": "监管信息流缺少第 {0} 页",
    "no key for the feed": "监管信息流没有密钥",
    "the feed's key is not the one on record": "监管信息流的密钥与记录在案的不符",
    "nothing is written here": "此处不写入记录",
    "nothing is watched here": "此处不作监测",
    "no files are labelled here": "此处不为文件添加标识",
    "neither what was made nor why nothing was": "既未说明生成了什么，也未说明为何未生成",
    "neither [relay] port nor [pulse] keys is set": "[relay] port 与 [pulse] keys 均未设置",
    "a scope that does not exist": "范围不存在",
    "{} is not a number from 0 to {}": "{0} 不是 0 至 {1} 的数字",
    "a salt that is not base64url": "盐不是 base64url",
}
