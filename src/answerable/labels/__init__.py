# SPDX-License-Identifier: Apache-2.0
"""What a label says: its words, the AIGC object, provider codes, and the verdict of reading one.

How a medium carries it is the business of `answerable.formats`.
"""
