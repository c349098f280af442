# SPDX-License-Identifier: Apache-2.0
"""The release image: its size, and benches that repeat exactly. Their speed is no test."""

import pytest
from harness import bench, machines

# pseries: what QEMU takes as firmware; powernv9: no more than that.
SIZE_LIMITS = {"riscv-virt": 256 * 1024, "pseries": 4 << 20, "powernv9": 4 << 20}


def test_image_size(pytestconfig):
    platform = pytestconfig.getoption("platform")
    assert 0 < machines.flat_image(platform).stat().st_size <= SIZE_LIMITS[platform]


@pytest.mark.machines("bench", "bench-first", "bench-1")
def test_bench_repeats(machine):
    runs = [bench.run(machine, log=f"{machine.name}/repeat-{n}") for n in (1, 2)]
    for run, problems in runs:
        assert problems == [], run.text()
    assert bench.differences(runs[0][0].output, runs[1][0].output) == []


@pytest.mark.machines("bench-nvme")
def test_bench_nvme(machine):
    run, problems = bench.run(machine, log=f"{machine.name}/bench")
    assert problems == [], run.text()
