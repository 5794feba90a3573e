# SPDX-License-Identifier: Apache-2.0
"""What is wrong with an encoding, a key, a certificate or a token: `answerable.crypto`."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

DETAILS: Final[Mapping[str, str]] = {
    # Encodings
    "not canonical base64url": "不是规范的 base64url",
    "not canonical base64": "不是规范的 base64",
    "a number that is not an integer": "数字不是整数",
    "a number that is not finite": "数字不是有限值",
    "a lone surrogate": "有孤立的代理码位",
    "a key that is not text": "键不是文本",
    "an integer beyond 2**53 - 1": "整数超出 2**53 - 1",
    "a value of type {}": "值的类型为 {0}",
    "a duplicate key": "键重复",
    "a type that is not JSON": "不属于 JSON 的类型",
    "not CBOR that is read here: {}": "不是此处可读的 CBOR：{0}",
    "bytes after its end": "结尾之后还有字节",
    "cut, or nested too deep": "不完整，或嵌套过深",
    "cut, or of indefinite length": "不完整，或长度不定",
    "a string that is cut": "字符串不完整",
    "a key of another kind, or one that stands twice": "键的类型不符，或重复出现",
    "a float or another simple value": "浮点数或其他简单值",
    "a text that is not UTF-8": "文本不是 UTF-8",
    # Certificates
    "an issuer is not marked as one": "某签发者未标明为签发者",
    "an issuer may not issue this": "某签发者无权签发此证书",
    "a critical extension is not understood": "有无法理解的关键扩展",
    "its key may not sign": "其密钥不得用于签名",
    "no trust anchor is configured": "未配置信任锚",
    "the chain has no certificate, or too many": "证书链为空，或证书过多",
    "a signature does not hold": "某签名不成立",
    "the chain ends at no trusted root": "证书链未到达受信任的根",
    "a certificate is not in force": "某证书不在有效期内",
    "a party's name has 1 to {} printable characters": "责任主体的名称应为 1 至 {0} 个可打印字符",
    "the algorithm is neither {} nor {}": "算法既不是 {0}，也不是 {1}",
    "a leaf is in force for a day or more, and no longer than its root": "终端证书的有效期至少一天，且不长于其根证书",
    # Envelopes, tokens
    "an envelope over 1 MiB": "信封超过 1 MiB",
    "not a DSSE envelope": "不是 DSSE 信封",
    "not a DSSE signature": "不是 DSSE 签名",
    "longer than 16 KiB": "超过 16 KiB",
    "of another type": "类型不同",
    "not three parts": "不是三个部分",
    "claims that are not an object": "声明不是对象",
    "a header that is not alg, kid and typ": "头部不是恰有 alg、kid 与 typ",
    # Keys
    "a seed that is not 32 bytes": "种子不是 32 字节",
    "it does not hold a private key": "其中没有私钥",
    "it does not hold an Ed25519 key": "其中没有 Ed25519 密钥",
    "it does not hold an ML-DSA-44 key": "其中没有 ML-DSA-44 密钥",
    "it does not hold a P-256 key": "其中没有 P-256 密钥",
    "it does not hold an SM2 key": "其中没有 SM2 密钥",
    "no private key of SM2": "不是 SM2 私钥",
    "it is not a key file of answerable": "不是 answerable 的密钥文件",
    "its purpose is not {}": "其用途不是 {0}",
}
