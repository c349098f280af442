# SPDX-License-Identifier: Apache-2.0
"""What the POWER platform does not share with others: how it ends, and what a fault shows."""

import re

import pytest
from harness import lines, qemu, verdict

SYMBOL = re.compile(r"\b[a-z_][a-z0-9_.]*\+0x[0-9a-f]+", re.IGNORECASE)
OS_TERM = re.compile(r"OS terminated: exit status (\d+)")


@pytest.mark.machines("xics-1", "xics-threads")
@pytest.mark.parametrize("status", [0, 1, 7, 255])
def test_status(machine, status):
    """No service carries one: ibm,os-term says that it failed, and names it to QEMU's console."""
    run = qemu.boot(machine, f"poweroff {status}", log=f"{machine.name}/status-{status}")
    assert verdict.ending(run, 1 if status else 0) == [], run.text()
    assert OS_TERM.findall(run.stderr) == ([str(status)] if status else [])


@pytest.mark.machines("xics-1", "xics-threads")
@pytest.mark.parametrize("kind, words", [("libc", "__getreent"), ("assert", "crash_assert")])
def test_crash(machine, kind, words):
    run = qemu.boot(machine, f"crash {kind}; poweroff", log=f"{machine.name}/crash-{kind}")
    assert verdict.ending(run, 1) == [], run.text()
    assert len(lines.panics(run.output)) == 1, run.text()
    after = run.output[run.output.index("\npanic: ") :]
    symbols = SYMBOL.findall(after)
    assert symbols[0].startswith(words) and "command_run" in after, after


@pytest.mark.machines("xics-1", "xics-threads")
@pytest.mark.parametrize("kind, words", [("trap", "illegal instruction"), ("io", "machine check")])
def test_fault(machine, kind, words):
    """Registers, and a backtrace from the instruction on."""
    run = qemu.boot(machine, f"crash {kind}; poweroff", log=f"{machine.name}/crash-{kind}")
    assert verdict.ending(run, 1) == [], run.text()
    (panic,) = lines.panics(run.output)
    assert words in panic
    after = run.output[run.output.index("\npanic: ") :]
    assert re.search(r"\bpc +[0-9a-f]{16}\b", after) and re.search(r"\bsp +0", after), after
    assert SYMBOL.findall(after)[0].startswith(f"crash_{kind}"), after
