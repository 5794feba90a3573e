# SPDX-License-Identifier: Apache-2.0
"""The control plane's API: what people with keys and roles ask of the registry, the log and the stop, over a Unix socket."""
