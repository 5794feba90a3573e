# SPDX-License-Identifier: Apache-2.0
"""Labels that people see and hear (GB 45438-2025 section 5): words on pictures and on the opening of videos, a rhythm
or a spoken phrase in sound, words in text. Each is measured again on what was written, and refused where it falls
short."""
