# SPDX-License-Identifier: Apache-2.0
"""What is wrong with a grant, a legal hold, an erasure or a page of the feed: `answerable.privacy`."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

DETAILS: Final[Mapping[str, str]] = {
    "no known basis, or another record": "依据未知，或属于另一记录",
    "no known purpose, or another record": "用途未知，或属于另一记录",
    "it does not follow the page before": "与前一页不衔接",
    "its checkpoint is of another log, or of an earlier time": "其检查点属于另一日志，或时间更早",
    "the first page continues nothing": "首页不得承接其他页",
    "an entry out of place": "有条目位置有误",
    "an envelope of another type, or with a signature that nobody checks": "信封的类型不同，或含有无人核验的签名",
    "no envelope": "没有信封",
    "members of the wrong form": "字段的形式有误",
    "it was revoked before": "此前已撤销",
    "it was revoked": "已撤销",
    "it has expired": "已过期",
    "it is for another record": "针对的是另一记录",
    "it is for another person": "授予的是另一人",
    "groups other than {}, or none": "组不在 {0} 之列，或为空",
    "not one signature, by a key of the party": "不是该责任主体密钥的单个签名",
    "an end that is not within {} days": "期限不在 {0} 天以内",
    "who may read is not a registered natural person": "被授权读取者不是已登记的自然人",
    "the words of a basis go with a grant that rests on a law, and with no other": (
        "依据文字只用于以法律为据的读取授权，且此时必须给出"
    ),
    "not a {} of a known scope": "不是已知范围的 {0}",
    "a hold that lifts another": "该保全用于解除另一保全",
    "it lifts a hold on something else": "它解除的保全针对其他对象",
    "signatures of the wrong form": "签名的形式有误",
    "words that are not 1 to {} printable characters": "文字不是 1 至 {0} 个可打印字符",
    "words that are not those that were signed": "文字与已签名的不符",
}
