# SPDX-License-Identifier: Apache-2.0
"""Guests of the hypervisor: two side by side, one that attacks, and settings that can't be."""

import os
import re

import pytest
from conftest import log_name
from devices import EDU, IGB
from harness import console, lines, qemu


@pytest.mark.machines("guests")
def test_two_side_by_side(request, machine):
    """Each sees its own harts and functions; one ends, and the other goes on."""
    with console.QemuConsole(machine, log=log_name(request, machine)) as prompt:
        said = console.text_of(prompt.wait("guest 1 is off"))
        other = "\n".join(re.findall(r"^g1: (.*)$", said, re.MULTILINE))
        assert re.findall(r"^(?:not )?ok.*$", other, re.MULTILINE) == ["ok 1 edu", "ok 2 nvme"]
        boot = [o for o in lines.json_lines(other)[0] if o["type"] == "boot"]
        assert [(b["harts"], b["functions"], b["backend"]) for b in boot] == [(2, 2, "sbi")]
        prompt.provoke_prompt()
        ids = lines.lspci_ids(prompt.command("lspci -n"))
        assert "00:04.0" in ids and "00:05.0" not in ids and "00:06.0" not in ids
        for wanted, vectors in ((EDU, 1), (IGB, 10)):
            (bdf,) = [place for place, known in ids.items() if known == wanted]
            for vector in range(vectors):
                output = prompt.command(f"raise {bdf} {vector} 500")
                assert lines.raised(output) == [(bdf, vector, 500, 500)]
        prompt.type("poweroff 3\r")
        # SBI's shutdown says whether it failed, no more.
        assert prompt.wait_end()[0] == 1
        assert prompt.guest_log() == ""


ATTACKS = 14
DMA_TARGETS = ("0x90000000", "0x80200000", "0x80000000", "0x24000000", "0x28008000", "0x10000000")


@pytest.mark.machines("guests-hostile")
def test_attacks_hold_up_nobody(request, machine):
    """Each has its outcome, and the other guest loses nothing. HOSTILE_SECONDS: how long it is looked at."""
    seconds = int(os.environ.get("HOSTILE_SECONDS", "3"))
    commands = f"test stress RAISES=1000 MOVES=500 SECONDS={seconds}; test ledger; poweroff"
    run = qemu.boot(machine, commands, log=log_name(request, machine), timeout=120 + 4 * seconds)
    assert run.status == 0, run.text()
    said = re.findall(r"^g1: ((?:not )?ok) (\d+) - ", run.output, re.MULTILINE)
    assert said == [("ok", str(n + 1)) for n in range(ATTACKS)], run.text()
    assert not re.search(r"^g1: not ok", run.output, re.MULTILINE), run.text()
    for target in DMA_TARGETS:
        assert f"guest 1: 00:05.0: fault 23 at {target}\n" in run.output, run.text()
    suites = re.findall(r"^((?:not )?ok) \d+ (\w+)$", run.output, re.MULTILINE)
    assert suites == [("ok", "stress"), ("ok", "ledger")], run.text()


IMPOSSIBLE = {
    "ram-of-the-firmware": "guest2.ram=0x80000000+0x200000",
    "ram-of-another": "guest2.ram=0x88000000+0x200000",
    "ram-that-is-not-there": "guest2.ram=0x200000000+0x200000",
    "ram-that-wraps": "guest2.ram=0xffffffffffe00000+0x400000",
    "ram-in-small-pieces": "guest2.ram=0x8f000000+0x1000",
    "entry-elsewhere": "guest2.ram=0x8f000000+0x400000 guest2.entry=0x80200000",
    "initrd-elsewhere": "guest2.ram=0x8f000000+0x400000 guest2.initrd=0x80200000+16",
    "hart-of-another": "guest2.ram=0x8f000000+0x400000 guest2.harts=3",
    "hart-that-is-not-there": "guest2.ram=0x8f000000+0x400000 guest2.harts=99",
    "function-of-another": "guest2.ram=0x8f000000+0x400000 guest2.harts=1 guest2.functions=00:05.0",
    "function-that-is-not-there": "guest2.ram=0x8f000000+0x400000 guest2.harts=1 guest2.functions=1f:0.0",
}


@pytest.mark.machines("guests")
@pytest.mark.parametrize("settings", IMPOSSIBLE.values(), ids=IMPOSSIBLE.keys())
def test_impossible_guests_are_named(request, machine, settings):
    """Nobody runs, and the setting of one of the two is named."""
    run = qemu.boot(machine, f"{settings} poweroff", log=log_name(request, machine))
    assert run.status == 1 and '"boot"' not in run.output, run.text()
    complaint = r"^\[error\] guest[12]\.(\w+)=\S+: not understood, or not possible$"
    named = re.findall(complaint, run.output, re.MULTILINE)
    assert len(named) == 1 and f".{named[0]}=" in f"{settings} {machine.settings}", run.text()
