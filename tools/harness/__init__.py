# SPDX-License-Identifier: Apache-2.0
"""The test harness: machines, QEMU, serial ports, KTAP and JSON lines."""

import signal
import sys


class HarnessError(Exception):
    """What a person has to know and to put right; printed without a traceback."""


class Unavailable(HarnessError):
    """This computer has not what a machine needs and can't get it: its tests are skipped."""


def end_on_sigterm():
    """SIGTERM unwinds like an exception, so that no QEMU is left behind."""
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(128 + signal.SIGTERM))
