# SPDX-License-Identifier: Apache-2.0
"""Real data through interrupts: what the disk holds, and where its completions came in."""

import hashlib
import re

import pytest
from devices import NVME
from harness import lines, machines

BLOCK = 512
SUM = re.compile(r"\b[0-9a-f]{64}\b")


def disk_of(machine):
    return machines.disk_content(machine.disks[0])


@pytest.mark.machines("virt-1", "virt-4", "xics-4")
def test_sums(prompt, find):
    nvme, disk = find(NVME), disk_of(prompt.machine)
    blocks = len(disk) // BLOCK
    places = [(0, 1), (0, 8), (0, 7), (0, 9), (3, 17), (0, 257), (1, 1000), (0, 2049)]
    places += [(blocks - 1, 1), (blocks - 300, 300), (0, blocks)]
    for lba, count in places:
        content = disk[lba * BLOCK : (lba + count) * BLOCK]
        sums = SUM.findall(prompt.command(f"nvme {nvme} read {lba} {count} sum"))
        assert sums == [hashlib.sha256(content).hexdigest()], f"LBA {lba}, {count} blocks"


@pytest.mark.machines("virt-1", "virt-4", "xics-4")
def test_hex_dump(prompt, find):
    nvme, disk = find(NVME), disk_of(prompt.machine)
    output = prompt.command(f"nvme {nvme} read 5 2")
    rows = re.findall(r"^[0-9a-f]{4,}:?((?:\s+[0-9a-f]{2}){16})\b", output, re.MULTILINE)
    dumped = b"".join(bytes.fromhex(row) for row in rows)
    assert dumped == disk[5 * BLOCK : 7 * BLOCK], output


@pytest.mark.machines("virt-1", "virt-4", "xics-4")
def test_past_the_end(prompt, find):
    """One error line, and the disk and the prompt still work."""
    nvme, disk = find(NVME), disk_of(prompt.machine)
    blocks = len(disk) // BLOCK
    for lba, count in [(blocks, 1), (blocks - 1, 2), (0, blocks + 1), (2**63, 1), (2**64 - 1, 2)]:
        output = prompt.command(f"nvme {nvme} read {lba} {count} sum")
        assert len(lines.error_lines(output)) == 1 and not SUM.search(output), output
        assert len(output.splitlines()) == 1, output
    sums = SUM.findall(prompt.command(f"nvme {nvme} read 0 1 sum"))
    assert sums == [hashlib.sha256(disk[:BLOCK]).hexdigest()]


@pytest.mark.machines("virt-1", "virt-2", "virt-4", "xics-4")
def test_completions_come_to_the_hart_that_asked(prompt, find):
    nvme = find(NVME)
    before = lines.irq_table(prompt.command("irq"))
    reads = 20
    for lba in range(reads):
        assert SUM.search(prompt.command(f"nvme {nvme} read {lba} 1 sum"))
    after = lines.irq_table(prompt.command("irq"))
    growth = lines.irq_growth(before, after)
    moved = [growth[row.irq] for row in after if row.bdf == nvme and row.irq in growth]
    assert len(moved) == 1, f"vectors that counted: {moved}"
    assert [n for n in moved[0] if n] == [reads], moved


@pytest.mark.machines("virt-4")
def test_from_boot_arguments(machine, boot):
    disk = disk_of(machine)
    run = boot(f"nvme 00:03.0 read 0 {len(disk) // BLOCK} sum; irq; poweroff")
    assert SUM.findall(run.output) == [hashlib.sha256(disk).hexdigest()]
