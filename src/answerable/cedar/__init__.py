# SPDX-License-Identifier: Apache-2.0
"""Operators' policies in Cedar, from a folder: they may only tighten what the kernel says (`policy.combine`).

Cedar fails open where a policy errs: such a ``forbid`` is skipped. So a schema always stands behind, every request is
checked against it, whoever asks and what is asked for must be known, and any error refuses. The language is Cedar's
(docs.cedarpolicy.com, 4.x), its engine `cedarpy`, which is imported when a folder is read and not before.
"""
