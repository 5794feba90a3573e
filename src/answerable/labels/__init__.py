# SPDX-License-Identifier: Apache-2.0
"""Labels for files in every medium: write them, read them, check them against the rules (GB 45438-2025, C2PA,
EU AI Act Art. 50, SB 942)."""
