# SPDX-License-Identifier: Apache-2.0
"""What is wrong with an event or an incident: `answerable.redlines`."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

DETAILS: Final[Mapping[str, str]] = {
    "a system that is not registered": "系统未登记",
    "a copy that is not one of that system": "运行副本不属于该系统",
    "an evaluation beyond a day, or of lines that none excuses": "评测超过一天，或涉及任何评测都不豁免的红线",
    "a red line or a harm that there is not": "红线或危害不存在",
    "an incident without its members": "事件缺少字段",
    "an incident without {}": "事件缺少 {0}",
    "limit must be 1 or more": "limit 应不小于 1",
}
