# SPDX-License-Identifier: Apache-2.0
"""What a log says about itself, leaf by leaf: pure rules that find what should not stand there (`docs/spec/tiles.md`,
"Monitor"). They see leaves alone, no payload and no store."""
