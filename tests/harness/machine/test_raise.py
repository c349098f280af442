# SPDX-License-Identifier: Apache-2.0
"""Interrupts raised by the devices' own means: as many handled as raised, exactly."""

import pytest
from devices import EDU, IGB
from harness import lines

IGB_VECTORS = 10


@pytest.mark.machines("virt-1", "virt-4", "xics-4")
def test_edu_ten_thousand(prompt, find):
    edu = find(EDU)
    before = lines.irq_table(prompt.command("irq"))
    output = prompt.command(f"raise {edu} 0 10000")
    assert lines.raised(output) == [(edu, 0, 10000, 10000)]
    assert handled(prompt, before, edu) == {0: 10000}


@pytest.mark.machines("virt-1", "virt-4", "xics-4")
def test_igb_every_vector(prompt, find):
    igb = find(IGB)
    before = lines.irq_table(prompt.command("irq"))
    for vector in range(IGB_VECTORS):
        output = prompt.command(f"raise {igb} {vector} 500")
        assert lines.raised(output) == [(igb, vector, 500, 500)]
    assert handled(prompt, before, igb) == {v: 500 for v in range(IGB_VECTORS)}


def handled(prompt, before, bdf):
    """{vector: how many more were handled} of the function's rows in the irq table."""
    after = lines.irq_table(prompt.command("irq"))
    growth = lines.irq_growth(before, after)
    rows = [row for row in after if row.bdf == bdf and row.irq in growth]
    return {row.vector: sum(growth[row.irq]) for row in rows}


@pytest.mark.machines("virt-4")
def test_defaults(prompt, find):
    """Without COUNT it is one, without VECTOR the first."""
    edu = find(EDU)
    assert lines.raised(prompt.command(f"raise {edu}")) == [(edu, 0, 1, 1)]
    assert lines.raised(prompt.command(f"raise {edu} 0")) == [(edu, 0, 1, 1)]


@pytest.mark.machines("virt-4")
def test_from_boot_arguments(boot):
    """The devices stand in the order of the machine file: edu is 00:01.0, igb 00:02.0."""
    igb = "; ".join(f"raise 00:02.0 {v} 500" for v in range(IGB_VECTORS))
    run = boot(f"raise 00:01.0 0 10000; {igb}; poweroff")
    expected = [("00:01.0", 0, 10000, 10000)]
    expected += [("00:02.0", v, 500, 500) for v in range(IGB_VECTORS)]
    assert lines.raised(run.output) == expected


@pytest.mark.machines("virt-2", "virt-4", "xics-4")
def test_on_every_hart(prompt, find):
    """A vector moved to a hart is handled there and nowhere else."""
    igb, vector = find(IGB), 3
    table = lines.irq_table(prompt.command("irq"))
    row = next(r for r in table if (r.bdf, r.vector) == (igb, vector))
    for hart in [*range(prompt.machine.harts), 0]:
        assert lines.error_lines(prompt.command(f"affinity {row.irq} {hart}")) == []
        before = lines.irq_table(prompt.command("irq"))
        output = prompt.command(f"raise {igb} {vector} 1000")
        assert lines.raised(output) == [(igb, vector, 1000, 1000)]
        growth = lines.irq_growth(before, lines.irq_table(prompt.command("irq")))[row.irq]
        assert growth == [1000 if h == hart else 0 for h in range(prompt.machine.harts)]
