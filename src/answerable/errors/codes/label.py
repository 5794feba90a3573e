# SPDX-License-Identifier: Apache-2.0
"""Codes that begin with label."""

from __future__ import annotations

from typing import Final

from answerable.errors.catalogue import Entry

ENTRIES: Final[dict[str, Entry]] = {
    "label.malformed": Entry(
        "The AIGC label is not of the form of GB 45438-2025 Appendix E: {detail}.",
        "AIGC 标识不符合 GB 45438-2025 附录 E 的格式：{detail}。",
        "Use the seven members with strings of 0x21-0x7E; see docs/spec/label.md.",
        "请使用规定的七个字段，取值为 0x21-0x7E 范围内的字符串；参见 docs/spec/label.md。",
    ),
    "label.provider_code": Entry(
        "The provider code is not valid: {detail}.",
        "服务提供者编码无效：{detail}。",
        "Use the 27-character code of the operator, made from its unified social credit code.",
        "请使用运营者的 27 位编码，其由统一社会信用代码生成。",
        exit=2,
    ),
    "label.oversized": Entry(
        "The file is larger than {limit} bytes, so it was not read.",
        "文件超过 {limit} 字节，未予读取。",
        "Save the reply alone, without what stands around it.",
        "请仅保存应答本身，去除其他内容。",
        exit=4,
    ),
    "label.extra": Entry(
        "This needs a part that is not installed: the extra {extra}.",
        "所需组件未安装：可选依赖 {extra}。",
        "Run pip install 'answerable[{extra}]' and try again.",
        "请运行 pip install 'answerable[{extra}]' 后重试。",
        http=503,
        exit=4,
    ),
    "label.several": Entry(
        "The file carries {count} AIGC labels that differ, where there must be one.",
        "该文件带有 {count} 个互不相同的 AIGC 标识，而标识应当唯一。",
        "Nothing was written. Look at each with answerable read, and ask whoever made the file which one is right.",
        "未写入任何内容。请用 answerable read 查看各标识，并向文件提供者核实何者正确。",
        exit=5,
    ),
    "label.another_record": Entry(
        "The file already carries this producer's own label, of another record: {record}.",
        "该文件已带有本生产者的标识，但对应另一条记录：{record}。",
        "Nothing was written: one file has one record. answerable who FILE says who answers for it.",
        "未写入任何内容：一个文件只对应一条记录。可用 answerable who FILE 查询由谁负责。",
        exit=5,
    ),
    "label.foreign": Entry(
        "Another producer's label stands in the file and cannot be kept as it is: {detail}.",
        "文件中已有其他生产者的标识，且无法原样保留：{detail}。",
        "Nothing was written, and the file keeps its label. Ask its producer for one of the standard's form.",
        "未写入任何内容，文件保留原有标识。请向其生产者索取符合标准格式的标识。",
        exit=5,
    ),
    "label.system": Entry(
        "It is not clear which system made this: {detail}.",
        "无法确定该内容由哪个系统生成：{detail}。",
        "Name it with --system, and have a copy of it running: answerable ps shows them.",
        "请用 --system 指明系统，并确保其有正在运行的副本：可用 answerable ps 查看。",
        exit=2,
    ),
    "label.contradicted": Entry(
        "The log says that somebody else made this: {detail}.",
        "日志表明该内容由他方生成：{detail}。",
        "Nothing was written. answerable who FILE shows the record that stands against it.",
        "未写入任何内容。可用 answerable who FILE 查看与之相悖的记录。",
        exit=5,
    ),
    "label.read_back": Entry(
        "What was written did not read back as it should ({layer}): {detail}.",
        "写入后的回读结果与预期不符（{layer}）：{detail}。",
        "No file was left behind and the source is as it was. Try another format, and report this with the file.",
        "未留下任何文件，源文件保持不变。请尝试其他格式，并附上文件报告此问题。",
        http=500,
        exit=4,
    ),
    "label.unsupported": Entry(
        "The layer {layer} was asked for, and a {format} file cannot carry it.",
        "要求写入的 {layer} 层无法由 {format} 文件承载。",
        "Leave that layer out, or save the content in a format that carries it: see docs/howto/labels.md.",
        "请不要求该层，或将内容保存为可承载该层的格式：参见 docs/howto/labels.md。",
        http=415,
        exit=2,
    ),
    "label.watermark": Entry(
        "No watermark was written into the picture: {detail}.",
        "未能在图片中写入水印：{detail}。",
        "Use a larger picture, 256 pixels a side or more, that is not of one colour, or label it without a watermark.",
        "请使用更大（边长不小于 256 像素）且并非单一颜色的图片，或在标识时不写入水印。",
        http=422,
    ),
    "label.watermark_off": Entry(
        "The words of {model} carry no watermark that could be found.",
        "{model} 生成的文字不带可检测的水印。",
        "Set text_watermark = true for its upstream; it is about what is written from then on.",
        "请在其 upstream 配置中设置 text_watermark = true；仅对此后生成的文字有效。",
        http=503,
        exit=4,
    ),
    "label.target": Entry(
        "The labelled file cannot be written to {path}: {detail}.",
        "无法将带标识的文件写入 {path}：{detail}。",
        "Name a file that does not exist yet (-o), a folder (--out-dir), or say --in-place to replace the source.",
        "请用 -o 指定尚不存在的文件、用 --out-dir 指定文件夹，或用 --in-place 替换源文件。",
        exit=2,
    ),
    "label.source": Entry(
        "{path} cannot be read: {detail}.",
        "无法读取 {path}：{detail}。",
        "Check the name and the permissions of the file.",
        "请检查文件名与权限。",
        exit=3,
    ),
    "label.pins": Entry(
        "The file of pinned label keys is not understood, line {line}: {detail}.",
        "无法识别标识密钥固定文件，第 {line} 行：{detail}。",
        "Write it as docs/spec/label.md says: one key a line, the party's id, the algorithm, the key in base64.",
        "请按 docs/spec/label.md 的格式书写：每行一个密钥，依次为责任方标识、算法与 base64 编码的公钥。",
        exit=2,
    ),
    "label.chain": Entry(
        "The certificate chain that signs C2PA manifests is not usable: {detail}.",
        "用于签署 C2PA 清单的证书链无法使用：{detail}。",
        "Make one with `answerable keys c2pa-chain`, or name the folder of one in labels.c2pa.",
        "请用 `answerable keys c2pa-chain` 创建证书链，或在 labels.c2pa 中指定其目录。",
        http=500,
        exit=4,
    ),
    "label.c2pa": Entry(
        "No C2PA manifest could be signed: {detail}.",
        "无法签署 C2PA 清单：{detail}。",
        "Run `answerable doctor`; see docs/howto/labels.md for the formats that carry one.",
        "请运行 `answerable doctor`；可承载清单的格式见 docs/howto/labels.md。",
        http=500,
        exit=4,
    ),
    "label.plan": Entry(
        "That is no explicit label of GB 45438-2025 section 5: {detail}.",
        "该设置不符合 GB 45438-2025 第 5 章对显式标识的要求：{detail}。",
        "Choose within the standard: the bounds stand in docs/howto/labels.md.",
        "请在标准范围内选择：限制见 docs/howto/labels.md。",
        exit=2,
    ),
    "label.explicit": Entry(
        "The content cannot carry the explicit label that the standard asks for: {detail}.",
        "该内容无法承载标准所要求的显式标识：{detail}。",
        "Nothing was written. Use a larger or longer file, another format, or show the words beside the content.",
        "未写入任何内容。请使用更大或更长的文件、其他格式，或在内容旁显示标识文字。",
        http=415,
    ),
    "label.synthesiser": Entry(
        "No program here speaks the label ({language}): espeak-ng with its voice is not installed.",
        "本机没有可朗读标识的程序（{language}）：未安装 espeak-ng 及其语音。",
        "Install espeak-ng, or choose the rhythm, which needs no program.",
        "请安装 espeak-ng，或选用无需程序的节奏提示。",
        http=503,
        exit=4,
    ),
}
