# SPDX-License-Identifier: Apache-2.0
"""answerable: every AI action answers to someone.

The path of one action is `answerable.pipeline.carry`; read that first.
"""

__version__ = "0.1.0"
