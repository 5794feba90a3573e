# SPDX-License-Identifier: Apache-2.0
"""How each medium carries a label: one module a format, each a `ports.LabelFormat`, each read back by the same
module."""
