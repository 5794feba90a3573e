# SPDX-License-Identifier: Apache-2.0
"""The composition root: the only place where ports meet adapters."""
