# SPDX-License-Identifier: Apache-2.0
"""Codes that begin with request."""

from __future__ import annotations

from typing import Final

from answerable.errors.catalogue import Entry

ENTRIES: Final[dict[str, Entry]] = {
    "request.disconnected": Entry(
        "The client went away before the answer was complete.",
        "客户端在应答完成之前断开。",
        "Call again.",
        "请重新调用。",
        http=499,
        exit=4,
    ),
    "request.too_large": Entry(
        "The request's body is larger than {limit} bytes.",
        "请求体超过 {limit} 字节。",
        "Send less, or raise the limit in the configuration.",
        "请减小请求，或在配置中调高上限。",
        http=413,
    ),
    "request.slow": Entry(
        "The request did not arrive within {seconds} seconds.",
        "请求未在 {seconds} 秒内传输完毕。",
        "Send it faster, or in a smaller piece.",
        "请加快传输或减小请求。",
        http=408,
    ),
    "request.busy": Entry(
        "The gateway carries as many calls as it may ({limit}).",
        "网关正在处理的调用已达上限（{limit}）。",
        "Wait a second and try again.",
        "请稍候一秒后重试。",
        http=503,
        exit=4,
    ),
    "request.host": Entry(
        "This address does not answer for the host that was asked for.",
        "本地址不为所请求的主机名提供服务。",
        "Use the address that the gateway printed, or add the host name to its configuration.",
        "请使用网关启动时显示的地址，或将该主机名加入配置。",
        http=421,
    ),
    "request.origin": Entry(
        "Web pages of that origin may not call this gateway.",
        "该来源的网页无权调用本网关。",
        "Call from a program, or add the origin to the gateway's configuration.",
        "请从程序中调用，或将该来源加入网关配置。",
    ),
    "request.response_unknown": Entry(
        "No earlier response of that id is known here as an answer to this system.",
        "此处没有以该编号回复本系统的先前响应。",
        "Send the conversation whole: earlier responses are known to the gateway that gave them, until it restarts.",
        "请发送完整的对话：先前的响应仅由给出它的网关在重启之前记得。",
        http=404,
        exit=3,
    ),
    "request.not_found": Entry(
        "There is nothing at this path.",
        "该路径下没有任何内容。",
        "The gateway serves /v1/models, /v1/chat/completions, /v1/responses, /v1/completions and /v1/embeddings.",
        "网关提供 /v1/models、/v1/chat/completions、/v1/responses、/v1/completions 与 /v1/embeddings。",
        http=404,
        exit=3,
    ),
    "request.method": Entry(
        "This path does not take {method}.",
        "该路径不接受 {method} 方法。",
        "Use {allowed}.",
        "请使用 {allowed}。",
        http=405,
    ),
    "request.encoding": Entry(
        "The gateway does not take compressed bodies.",
        "网关不接受压缩的请求体。",
        "Send the body without content-encoding.",
        "请不要使用 content-encoding 发送请求体。",
        http=415,
    ),
    "request.header": Entry(
        "The header {header} has a value that is not known.",
        "请求头 {header} 的取值无法识别。",
        "Use one of: {allowed}.",
        "请使用以下取值之一：{allowed}。",
        http=400,
    ),
    "request.unreadable": Entry(
        "This is not an HTTP/1.1 request that the gateway can read.",
        "网关无法识别该 HTTP/1.1 请求。",
        "Send a well-formed request with a head of at most {limit} bytes.",
        "请发送格式正确且请求头不超过 {limit} 字节的请求。",
        http=400,
    ),
    "request.malformed": Entry(
        "The request's body is not a JSON object: {detail}.",
        "请求体不是有效的 JSON 对象：{detail}。",
        "Send one JSON object in UTF-8.",
        "请发送一个 UTF-8 编码的 JSON 对象。",
        http=400,
    ),
    "request.too_complex": Entry(
        "The request's JSON is too complex: more than {limit} {what}.",
        "请求的 JSON 过于复杂：{what} 超过 {limit}。",
        "Send a simpler request.",
        "请简化请求。",
        http=400,
    ),
    "request.missing": Entry(
        "The request lacks the member {param}.",
        "请求缺少字段 {param}。",
        "Add {param}; see OpenAI's API reference of this endpoint.",
        "请补充 {param}；参见 OpenAI 对应接口的参考文档。",
        http=400,
    ),
    "request.invalid": Entry(
        "The request's member {param} must be {expected}.",
        "请求字段 {param} 的取值必须是：{expected}。",
        "Correct {param}; see OpenAI's API reference of this endpoint.",
        "请修正 {param}；参见 OpenAI 对应接口的参考文档。",
        http=400,
    ),
    "request.unsupported": Entry(
        "The gateway does not take the member {param}: {why}.",
        "网关不支持字段 {param}：{why}。",
        "Leave {param} out, and send what came before as part of the input.",
        "请去掉 {param}，并将先前内容作为输入的一部分发送。",
        http=400,
    ),
    "request.bind": Entry(
        "The address {address} cannot be listened on: {detail}.",
        "无法监听地址 {address}：{detail}。",
        "Choose another address or end what uses it.",
        "请更换地址，或结束占用它的程序。",
        http=500,
        exit=5,
    ),
}
