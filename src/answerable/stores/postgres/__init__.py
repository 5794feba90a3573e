# SPDX-License-Identifier: Apache-2.0
"""The PostgreSQL store: the log, the state and sealed payloads in a database, keys and index in a local folder."""
