# SPDX-License-Identifier: Apache-2.0
"""Red lines: conditions that must never come about, each watched by a detector (`ports.Detector`)."""
