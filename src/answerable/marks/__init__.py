# SPDX-License-Identifier: Apache-2.0
"""What a label says: its words, the AIGC object, provider codes, and the verdict of reading one (step 6 of the path).

How a medium carries it is the business of `answerable.formats`; `answerable.labels` is the library that puts both
together for people who label and read files.
"""
