# SPDX-License-Identifier: Apache-2.0
"""`python -m answerable.cli`: the command line without its script."""

from __future__ import annotations

import sys

from answerable.cli import main

if __name__ == "__main__":
    sys.exit(main())
