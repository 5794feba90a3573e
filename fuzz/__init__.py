# SPDX-License-Identifier: Apache-2.0
"""Fuzz targets for every parser of untrusted bytes: `make fuzz ARGS="warrant --seconds 60"`."""
