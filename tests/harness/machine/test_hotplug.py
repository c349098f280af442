# SPDX-License-Identifier: Apache-2.0
"""Functions that come and go while the machine runs, by QEMU's monitor (docs/msi.md, M13).

Each kind of card goes and comes HOTPLUG_ROUNDS times (environment; once unless it says otherwise).
"""

import itertools
import os
import re
import time

import pytest
from harness import lines, qmp

ROUNDS = int(os.environ.get("HOTPLUG_ROUNDS", "1"))
# Of machine hotplug: the function in each slot; its bus, its name and what it is in QEMU.
IGB, NVME, BLK, RNG = "01:00.0", "02:00.0", "03:00.0", "04:00.0"
CARDS = {
    IGB: ("rp0", "igb", "igb"),
    NVME: ("rp1", "nvme", "nvme,serial=tocsin"),
    BLK: ("rp2", "blk", "virtio-blk-pci,ioeventfd=off"),
    RNG: ("rp3", "rng", "virtio-rng-pci,ioeventfd=off"),
}
numbers = itertools.count()


def unplugged(prompt, bdf, name):
    """Asks for the card as the slot's button does; the function is gone, and named as such."""
    assert prompt.monitor(f"device_del {name}") == ""
    prompt.wait("slot off")
    prompt.wait_prompt()
    assert_gone(prompt, bdf)


def assert_gone(prompt, bdf):
    assert bdf not in lines.lspci_ids(prompt.command("lspci -n"))
    said = prompt.command(f"raise {bdf}")
    assert lines.error_lines(said) == [f"error: raise: {bdf} was removed"]


def plug(prompt, bus, options):
    """A new card; the name that it has in QEMU."""
    name = f"card{next(numbers)}"
    if options.startswith(("nvme", "virtio-blk")):
        disk = {"driver": "null-co", "node-name": f"disk-{name}", "size": 1 << 23}
        qmp.session(prompt.monitor_path, "blockdev-add", {**disk, "read-zeroes": True})
        options += f",drive=disk-{name}"
    said = prompt.monitor(f"device_add {options},bus={bus},id={name}")
    assert said == "" or "warning" in said, said
    return name


def plugged(prompt, bdf, options):
    """The card is taken in by itself, where QEMU sees it, and its interrupts are exact."""
    name = plug(prompt, CARDS[bdf][0], options)
    prompt.wait("slot on")
    prompt.wait_prompt()
    assert_works(prompt, bdf)
    return name


def assert_works(prompt, bdf):
    known = lines.info_pci(prompt.monitor("info pci"))
    assert sorted(lines.lspci_ids(prompt.command("lspci -n"))) == sorted(known)
    config = lines.lspci_dump(prompt.command(f"lspci -x -s {bdf}"))[bdf]
    # A slot that was empty at boot has no I/O ports.
    bars = {bar: at for bar, at in known[bdf].bars.items() if at is not None}
    assert lines.decode_header(config).bars == bars
    said = prompt.command(f"raise {bdf} 1 10")
    assert lines.raised(said) == [(bdf, 1, 10, 10)], said


def budget(prompt):
    """(free identities, RAM used)."""
    found = re.search(r"^free identities: (\d+), RAM used: (\d+)", prompt.command("slot"), re.M)
    return int(found.group(1)), int(found.group(2))


@pytest.mark.machines("hotplug")
def test_slots_are_listed(prompt):
    ports = re.findall(r"^(\S+) slot (\d+): (\w+), power (\w+)", prompt.command("slot"), re.M)
    assert ports == [
        ("00:04.0", "1", "occupied", "on"),
        ("00:05.0", "2", "occupied", "on"),
        ("00:06.0", "3", "occupied", "on"),
        ("00:07.0", "4", "occupied", "on"),
        ("00:08.0", "5", "empty", "on"),
    ]


@pytest.mark.machines("hotplug")
@pytest.mark.parametrize("bdf", CARDS, ids=lambda bdf: CARDS[bdf][1])
def test_card_goes_and_comes(prompt, bdf):
    _, name, options = CARDS[bdf]
    before = None
    for _ in range(ROUNDS + 1):
        unplugged(prompt, bdf, name)
        name = plugged(prompt, bdf, options)
        before = before or budget(prompt)
    assert budget(prompt) == before


@pytest.mark.machines("hotplug")
def test_slot_without_power_switch(prompt):
    bdf = "05:00.0"
    name = plug(prompt, "rp4", "igb")
    prompt.wait("slot on")
    prompt.wait_prompt()
    assert_works(prompt, bdf)
    unplugged(prompt, bdf, name)


@pytest.mark.machines("hotplug")
def test_by_hand(prompt):
    """Off and on again; ejected, the slot is empty."""
    assert re.search("occupied, power off", prompt.command("slot 00:04.0 off"))
    assert_gone(prompt, IGB)
    assert prompt.command("slot 00:04.0 off") == "error: slot: 00:04.0 is off already\n"
    assert re.search(f"occupied, power on.* {IGB}$", prompt.command("slot 00:04.0 on"), re.M)
    assert_works(prompt, IGB)
    assert prompt.command("slot 00:04.0 on") == "error: slot: 00:04.0 is on already\n"
    assert re.search("empty, power off", prompt.command("slot 00:04.0 eject"))
    assert prompt.command("slot 00:04.0 on") == "error: slot: 00:04.0 is empty\n"
    assert prompt.command("slot 00:01.0 off") == "error: slot: 00:01.0 has no hot-plug slot\n"


def vanish(prompt, name):
    """Without a word to the guest."""
    prompt.monitor(f"qom-set /machine/peripheral/{name} realized false")


def quiet_vanish(prompt, name):
    """While a request is in flight and no hart is at a register, which could end QEMU.

    A wait looks for its function each 100 ms, and a read of the machine's disks takes 200.
    """
    time.sleep(0.05)
    vanish(prompt, name)


@pytest.mark.machines("hotplug")
@pytest.mark.parametrize("bdf", CARDS, ids=lambda bdf: CARDS[bdf][1])
def test_card_vanishes(prompt, bdf):
    """Behind a port that says nothing of it; then the slot takes another one."""
    _, name, options = CARDS[bdf]
    for _ in range(ROUNDS):
        vanish(prompt, name)
        assert_gone(prompt, bdf)
        name = plugged(prompt, bdf, options)


@pytest.mark.machines("hotplug")
@pytest.mark.parametrize("bdf,name", [("00:01.0", "root-edu"), ("00:02.0", "root-igb")])
def test_function_vanishes_from_the_root_bus(prompt, bdf, name):
    """With a raise in flight, which ends with the error that says why."""
    prompt.type(f"test hotplug.raise_ends_when_its_function_vanishes vanish={bdf}\r")
    prompt.wait("Subtest: hotplug")
    quiet_vanish(prompt, name)
    assert "\nok 1 hotplug" in prompt.wait_prompt()
    assert_gone(prompt, bdf)


@pytest.mark.machines("hotplug")
def test_nvme_vanishes_while_it_is_read(prompt):
    prompt.type(f"nvme {NVME} read 0 16384 sum\r")
    prompt.wait("\n")
    quiet_vanish(prompt, "nvme")
    said = lines.error_lines(prompt.wait_prompt())
    assert len(said) == 1 and "is gone" in said[0], said
    assert_gone(prompt, NVME)


@pytest.mark.machines("hotplug")
def test_cards_are_pulled_out_under_load(prompt):
    """The ports say so, and requests of other harts end; new cards work."""
    for _ in range(ROUNDS):
        said = prompt.command("test hotplug.cards_are_pulled_out_under_load pull=1")
        assert "\nok 1 hotplug" in said, said
        for bdf, (_, _, options) in CARDS.items():
            assert_gone(prompt, bdf)
            plugged(prompt, bdf, options)


@pytest.mark.machines("hotplug")
def test_power_is_cut_under_load(prompt):
    """All comes back to what it was: identities, RAM."""
    line = f"test hotplug.power_is_cut_under_load rounds={ROUNDS}"
    said = prompt.command(line, timeout=60 + 6 * ROUNDS)
    assert "\nok 1 hotplug" in said, said
