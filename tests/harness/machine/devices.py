# SPDX-License-Identifier: Apache-2.0
"""Vendor and device of QEMU's functions that the tests look for."""

EDU, IGB, NVME = "1234:11e8", "8086:10c9", "1b36:0010"
