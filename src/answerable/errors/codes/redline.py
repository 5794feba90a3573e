# SPDX-License-Identifier: Apache-2.0
"""Codes that begin with redline."""

from __future__ import annotations

from typing import Final

from answerable.errors.catalogue import Entry

ENTRIES: Final[dict[str, Entry]] = {
    "redline.no_detector": Entry(
        "No detector watches what the model says, so nothing is let out.",
        "未启用任何检测器，因此不予放行。",
        "Name at least one detector in the configuration.",
        "请在配置中至少启用一个检测器。",
    ),
    "redline.credential": Entry(
        "The answer was held back: it would give away a credential ({kind}).",
        "应答中含有凭证（{kind}），已予拦截。",
        "Revoke that credential if it is live, and find out how the model came to know it.",
        "若该凭证仍有效，请立即吊销，并查明模型如何获知。",
    ),
    "redline.volume": Entry(
        "The answer is longer than the {limit} characters that one action may say.",
        "应答长度超过单次行为允许的 {limit} 个字符。",
        "Ask for a shorter answer, or raise the limit in the configuration.",
        "请缩短所要求的应答长度，或在配置中调高上限。",
    ),
    "redline.event_malformed": Entry(
        "The event is not in the form that is told: {detail}.",
        "事件格式不符：{detail}。",
        "Make it as docs/spec/events.md says.",
        "请按 docs/spec/events.md 构造事件。",
        http=400,
    ),
    "redline.event_signature": Entry(
        "The event is not signed by {by}, who is said to tell it.",
        "该事件不是由其所称的报告者 {by} 签名。",
        "Sign it with the key of that copy, person or party, for this log.",
        "请用该运行副本、人员或主体的密钥，针对本日志签名。",
    ),
    "redline.event_time": Entry(
        "The event's time lies ahead of the clock, or more than {days} days back.",
        "事件时间晚于当前时钟，或早于 {days} 天前。",
        "Set the clock of who tells it; tell what happened long ago as an incident, by a person.",
        "请校准报告者的时钟；更早的事情请由人员作为事件申报。",
    ),
    "redline.event_teller": Entry(
        "{by} may not tell events of the kind {what}.",
        "{by} 无权报告 {what} 类事件。",
        "Let a running copy, an operator or officer, or, for a consent, the person's own key tell it.",
        "请由运行中的副本、运营人员或责任官员报告；同意须由本人密钥作出。",
    ),
    "redline.event_replayed": Entry(
        "This event was told before, and counts once.",
        "该事件已报告过，只计一次。",
        "Nothing is to be done.",
        "无需处理。",
    ),
    "redline.flood": Entry(
        "{by} tells more than {limit} events a minute.",
        "{by} 每分钟报告的事件超过 {limit} 条。",
        "Tell what matters; the rest is counted, not recorded.",
        "请只报告重要事件；超出部分仅计数，不记录。",
    ),
    "redline.unknown": Entry(
        "There is no red line {line}.",
        "不存在红线 {line}。",
        "`answerable redlines ls` lists them.",
        "用 `answerable redlines ls` 查看全部红线。",
        http=404,
        exit=3,
    ),
    "redline.untested": Entry(
        "The detector of {line} was not tested for {days} days.",
        "红线 {line} 的检测器已有 {days} 天未测试。",
        "Run `answerable redlines test`.",
        "请运行 `answerable redlines test`。",
    ),
    "redline.test_failed": Entry(
        "The detector of {line} did not find what was planted for it.",
        "红线 {line} 的检测器未发现为其植入的测试事件。",
        "Look at the log of the service; until it finds it again nothing watches that line.",
        "请查看服务日志；在恢复之前，该红线无人看守。",
    ),
    "redline.detector_failed": Entry(
        "The detector {detector} failed on what it was shown, and suspended nothing.",
        "检测器 {detector} 在处理所示内容时出错，未暂停任何系统。",
        "Look at the log of the service for the place.",
        "请在服务日志中查看出错位置。",
    ),
    "redline.capped": Entry(
        "The detectors have given {limit} orders within an hour, which is their limit.",
        "检测器一小时内已下达 {limit} 次命令，达到上限。",
        "An officer looks at the incidents and decides.",
        "请责任官员查看事件并作出决定。",
    ),
    "redline.contended": Entry(
        "The incident of {line} could not be written: the registry changed meanwhile, again and again.",
        "红线 {line} 的事件未能写入：登记簿期间反复变更。",
        "It is tried again by itself.",
        "系统将自动重试。",
        http=503,
        exit=4,
    ),
    "redline.standing": Entry(
        "An order stops it already.",
        "已有命令在生效。",
        "An officer decides whether it becomes a termination.",
        "请责任官员决定是否改为终止。",
    ),
    "redline.by_officers": Entry(
        "For this the deployment lets detectors record alone.",
        "按部署配置，检测器对此仅作记录。",
        "An officer looks at the incident and decides; `redlines.terminate` and `redlines.suspend` say what they may.",
        "请责任官员查看并决定；检测器的权限由 `redlines.terminate` 与 `redlines.suspend` 配置。",
    ),
    "redline.stranger": Entry(
        "Who tells it is not trusted to speak about that system, so nothing was stopped for it.",
        "报告者无权就该系统作证，因此未据此停止任何系统。",
        "Name the copy in `redlines.trusted` if its word is to count.",
        "如需采信，请将该副本写入 `redlines.trusted`。",
    ),
    "redline.weapons": Entry(
        "The answer was held back: it would help with a weapon.",
        "应答涉及武器，已予拦截。",
        "Ask for something else.",
        "请勿请求此类内容。",
    ),
    "redline.cyber": Entry(
        "The answer was held back: it would attack somebody's computers.",
        "应答涉及网络攻击，已予拦截。",
        "Ask for something else, or have the target allowed.",
        "请勿请求此类内容，或先取得对目标的许可。",
    ),
    "redline.impersonation": Entry(
        "The answer was held back: it would pass for a person who did not consent.",
        "应答冒用未经同意者的身份，已予拦截。",
        "Obtain that person's consent.",
        "请先取得本人同意。",
    ),
    "redline.deception": Entry(
        "The answer was held back: it would deceive those who oversee the system.",
        "应答意在欺骗监督者，已予拦截。",
        "Look at what the system was asked to do.",
        "请检查对该系统的要求。",
    ),
}
