# SPDX-License-Identifier: Apache-2.0
"""What stands in an error where no name can: for a program, a service, a person that has none."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

DETAILS: Final[Mapping[str, str]] = {
    "nobody": "无人",
    "it was rebuilt": "日志经过重建",
    "this service": "本服务",
    "this gateway": "本网关",
    "this gateway's models": "本网关的模型",
    "the program": "该程序",
    "the issuer": "签发者",
    "the control plane": "控制面",
    "(hidden)": "（已隐藏）",
    "(unreadable)": "（无法读取）",
    "(its secret or a header)": "（其密钥或请求头）",
    "open action": "开启的行为",
}
