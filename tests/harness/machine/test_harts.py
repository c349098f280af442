# SPDX-License-Identifier: Apache-2.0
"""Harts that are not the first ones, and not all of them."""

import dataclasses
import re

import pytest
from harness import qemu, verdict

ATTEMPTS = 12
BOOT_HART = re.compile(r"^Boot HART ID\s*: (\d+)$", re.MULTILINE)
HARTS = re.compile(r"^ *(\d+) +(\d+) online ", re.MULTILINE)


@pytest.mark.machines("fw-jump")
def test_an_index_is_no_id(machine):
    """maxharts=2 takes hart 0 and the boot hart: once that is not 1, its index is not its ID."""
    machine = dataclasses.replace(
        machine, harts=2, absent=1, args=("-smp", "cpus=4"), settings="maxharts=2"
    )
    for _ in range(ATTEMPTS):
        run = qemu.boot(
            machine, "hart; test smp imsic wired msi; poweroff", log=f"{machine.name}/index"
        )
        report, problems = verdict.tests(machine, run, ("msi.wish_is_kept", "smp.thousand_jobs_each"))
        assert problems == [], run.text()
        if int(BOOT_HART.search(run.output).group(1)) > 1:
            break
    else:
        pytest.skip(f"the firmware chose hart 0 or 1 in {ATTEMPTS} boots")
    assert [index for index, hart_id in HARTS.findall(run.output) if index != hart_id] == ["1"]
