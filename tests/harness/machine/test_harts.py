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


STATES = re.compile(r"^ *(\d+) +\d+ (online|offline|leaving|failed) ", re.MULTILINE)


def states(prompt):
    return [state for _, state in STATES.findall(prompt.command("hart"))]


@pytest.mark.machines("virtio", "aplic")
def test_a_hart_goes_and_comes_back(prompt):
    last = len(states(prompt)) - 1
    assert prompt.command(f"hart {last} off") == ""
    assert states(prompt) == ["online"] * last + ["offline"]
    assert prompt.command(f"on {last} irq") == f"error: on: hart {last} is not on line\n"
    assert f"there is no hart {last} on line" in prompt.command(f"affinity 0 {last}")
    assert prompt.command(f"hart {last} off") == (
        f"error: hart: hart {last} is offline: there is nothing to do\n"
    )
    assert prompt.command(f"hart {last} on") == ""
    assert states(prompt) == ["online"] * (last + 1)
    assert "(this one)" in prompt.command(f"on {last} hart").splitlines()[last + 1]


@pytest.mark.machines("virtio", "aplic")
def test_all_but_the_shells_hart_go(prompt):
    """Every vector and wire ends up on one hart, where the console still works."""
    harts = len(states(prompt))
    home = next(i for i in range(harts) if "(this one)" in hart_line(prompt, i))
    others = [i for i in range(harts) if i != home]
    refusal = f"error: hart: hart {home} stays on line: it"
    assert prompt.command(f"hart {home} off") == f"{refusal} runs the shell\n"
    for hart in others:
        assert prompt.command(f"hart {hart} off") == ""
    assert states(prompt).count("online") == 1
    assert prompt.command(f"hart {home} off") == f"{refusal} is the last one\n"
    for hart in others:
        assert prompt.command(f"hart {hart} on") == ""
    assert states(prompt) == ["online"] * harts


def hart_line(prompt, index):
    return prompt.command("hart").splitlines()[index + 1]


@pytest.mark.machines("virtio")
def test_what_hart_refuses(prompt):
    assert prompt.command("hart 99 off") == "error: hart: there is no hart 99\n"
    assert prompt.command("hart x on") == "error: hart: there is no hart x\n"
    for wrong in ("hart 1", "hart 1 away", "hart 1 on now"):
        assert prompt.command(wrong) == "error: usage: hart [N on|off]\n"
