# SPDX-License-Identifier: Apache-2.0
"""Whether the labels of a file are what the rules ask for, clause by clause: GB 45438-2025 and the measures around it
(cn), Article 50 of the EU AI Act and its code of practice (eu), California's SB 942 (ca). Rules are data; each names
the check that it is tested with. Nothing here is legal advice."""
