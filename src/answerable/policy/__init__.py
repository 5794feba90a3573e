# SPDX-License-Identifier: Apache-2.0
"""Policy: the kernel's decision table, operators' policies that only tighten it, and why each rule exists."""
