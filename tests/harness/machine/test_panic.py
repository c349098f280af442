# SPDX-License-Identifier: Apache-2.0
"""A panic: one line, the trap frame, a backtrace with symbols, exit status 1, never a hang."""

import re

import pytest
from harness import lines, qemu, verdict

SYMBOL = re.compile(r"\b[a-z_][a-z0-9_.]*\+0x[0-9a-f]+", re.IGNORECASE)


@pytest.mark.machines("virt-1", "virt-4")
@pytest.mark.parametrize("kind", ["null", "stack", "libc"])
def test_crash(machine, kind):
    run = qemu.boot(machine, f"crash {kind}; poweroff", log=f"{machine.name}/crash-{kind}")
    assert verdict.ending(run, 1) == [], run.text()
    assert len(lines.panics(run.output)) == 1, run.text()
    after = run.output[run.output.index("\npanic: ") :]
    symbols = SYMBOL.findall(after)
    assert len(symbols) >= 2, after
    assert "KTAP" not in after and "tocsin> " not in after
    if kind != "libc":
        assert re.search(r"\b(pc|sepc)\b", after) and re.search(r"\bsp\b", after), after


@pytest.mark.machines("virt-4")
def test_crash_names_the_fault(machine):
    run = qemu.boot(machine, "crash null; poweroff", log="virt-4/crash-fault")
    assert re.search(r"store|load|fault|cause", lines.panics(run.output)[0], re.IGNORECASE)


@pytest.mark.machines("virt-4")
def test_crash_at_the_prompt(prompt):
    prompt.type("crash null\r")
    status, said = prompt.wait_end()
    assert status == 1 and len(lines.panics(said)) == 1
