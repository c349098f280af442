# SPDX-License-Identifier: Apache-2.0
"""The release image: its size, and benches that repeat exactly. Their speed is no test."""

import pytest
from harness import bench, machines

SIZE_LIMIT = 256 * 1024


def test_image_size(pytestconfig):
    image = machines.flat_image(pytestconfig.getoption("platform"))
    assert 0 < image.stat().st_size <= SIZE_LIMIT


@pytest.mark.machines("bench", "bench-first")
def test_bench_repeats(machine):
    runs = [bench.run(machine, log=f"{machine.name}/repeat-{n}") for n in (1, 2)]
    for run, problems in runs:
        assert problems == [], run.text()
    assert bench.differences(runs[0][0].output, runs[1][0].output) == []


@pytest.mark.machines("bench-nvme")
def test_bench_nvme(machine):
    run, problems = bench.run(machine, log=f"{machine.name}/bench")
    assert problems == [], run.text()
