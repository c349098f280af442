# SPDX-License-Identifier: Apache-2.0
"""What the ways to boot do not share with one another."""

import dataclasses
import re

import pytest
from harness import lines, qemu, verdict

BOOT_HART = re.compile(r"^Boot HART ID\s*: (\d+)$", re.MULTILINE)


@pytest.mark.machines("fw-jump")
@pytest.mark.parametrize("attempt", range(4))
def test_the_boot_hart_is_any(machine, attempt):
    """Whichever hart won the firmware's lottery boots; one that the firmware lost is named."""
    machine = dataclasses.replace(machine, harts=4)
    run = qemu.boot(machine, "hart; poweroff", log=f"{machine.name}/boot-hart-{attempt}")
    problems = verdict.ending(run) + verdict.console(run.output) + verdict.guest_log(run)
    assert problems == [], run.text()
    here = re.search(r"^ *\d+ +(\d+) online .*\(this one\)$", run.output, re.MULTILINE)
    assert here.group(1) == BOOT_HART.search(run.output).group(1), run.text()
    (boot,) = [o for o in lines.json_lines(run.output)[0] if o["type"] == "boot"]
    assert boot["harts"] + run.output.count("did not start: left out") == 4, run.text()


@pytest.mark.machines("uboot")
def test_the_loader_takes_the_header(machine, boot):
    """U-Boot moves the image to the 2 MiB boundary that its header asks for."""
    run = boot("poweroff")
    assert re.search(r"^Moving Image from 0x\w+ to 0x80200000,", run.output, re.MULTILINE)
