# SPDX-License-Identifier: Apache-2.0
"""Which QEMU a machine runs in: the key `qemu` of a machine.

7.2             Debian 12's own, with the firmware of its time: tools/get-qemu72
anything else   a command
"""

import functools
import pathlib
import subprocess

from harness import Unavailable

TOOLS = pathlib.Path(__file__).resolve().parents[1]


@functools.cache
def unpacked():
    """(the folder of QEMU 7.2, why it is not there)"""
    got = subprocess.run([TOOLS / "get-qemu72"], capture_output=True, text=True)
    said = (got.stderr.strip() or f"status {got.returncode}").splitlines()[-1]
    return got.stdout.strip(), said if got.returncode else ""


def argv(qemu):
    """The first words of the command line; Unavailable with the reason."""
    if qemu != "7.2":
        return [qemu]
    folder, missing = unpacked()
    if missing:
        raise Unavailable(f"no QEMU 7.2: {missing}")
    return [f"{folder}/usr/bin/qemu-system-riscv64", "-L", f"{folder}/usr/share/qemu"]
