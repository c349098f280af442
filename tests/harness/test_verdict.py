# SPDX-License-Identifier: Apache-2.0
"""Verdicts over a fake image that is broken in one way after another."""

import pytest
from harness import bench, machines, qemu, verdict


def judged(fake, monkeypatch, fault="", command="irq; test; poweroff", **limits):
    monkeypatch.setenv("FAKE_FAULT", fault)
    run = qemu.boot(fake, command, log="fake/test", **limits)
    return run, verdict.tests(fake, run)[1]


def test_a_good_run_passes(fake, monkeypatch):
    run, problems = judged(fake, monkeypatch)
    assert problems == [] and run.status == 0 and "ok 1 imsic" in run.output


@pytest.mark.parametrize(
    "fault, complaint",
    [
        ("silence", "silence"),
        ("silence", "no KTAP output"),
        ("short-plan", "the report is short: 2 planned, 1 results"),
        ("fail", "not ok: imsic.highest_identity (got 1, not 2)"),
        ("fail", "exit status 1, not 0"),
        ("test-gone", "required test imsic.disabled_identity did not run"),
        ("skip", "required test edu.factorial was skipped: no device"),
        ("panic", "panic: assertion failed"),
        ("die", "the hypervisor died: "),
        ("guest-error", "QEMU logged 1 guest errors, the first: invalid write at 0x28000004"),
        ("bad-json", "malformed JSON line"),
        ("no-boot-line", "0 boot lines"),
        ("hart-missing", "3 harts came up, not 4"),
    ],
)
def test_a_broken_run_fails(fake, monkeypatch, fault, complaint):
    problems = judged(fake, monkeypatch, fault)[1]
    assert any(complaint in problem for problem in problems), problems


@pytest.mark.parametrize(
    "online, named, absent, ok",
    [(4, 0, 0, True), (3, 1, 1, True), (4, 0, 1, True), (3, 0, 1, False), (3, 1, 0, False)],
)
def test_a_hart_may_be_absent_only_by_name(online, named, absent, ok):
    said = '{"type":"boot","harts":%d}\n' % online
    said += "[warn] hart 3 (ID 3) did not start: left out\n" * named
    machine = machines.Machine(name="m", harts=4, absent=absent)
    assert (verdict.boot_line(machine, said) == []) == ok


def test_a_hang_is_cut(fake, monkeypatch):
    run, problems = judged(fake, monkeypatch, "hang", timeout=2)
    assert run.timed_out and run.seconds < 15
    assert problems[0].startswith("timeout")


def test_no_poweroff_is_a_timeout(fake, monkeypatch):
    monkeypatch.setenv("FAKE_FAULT", "hang")
    assert judged(fake, monkeypatch, "hang", "test", timeout=1)[1][0].startswith("timeout")


@pytest.mark.parametrize("status", [-6, 134])
def test_a_dead_hypervisor_is_no_failed_test(status):
    run = qemu.Run(["qemu"], status=status)
    assert verdict.ending(run) == ["the hypervisor died: qemu ended by SIGABRT"]


def test_wanted_status():
    assert verdict.ending(qemu.Run(["qemu"], status=7), 7) == []
    assert verdict.ending(qemu.Run(["qemu"], status=0), 7) == ["exit status 0, not 7"]


def test_a_failing_command_fails_the_run(fake, monkeypatch):
    run, problems = judged(fake, monkeypatch, "", "nonsense; test; poweroff")
    assert run.status == 1 and "exit status 1, not 0" in problems


def test_the_log_is_kept(fake, monkeypatch):
    judged(fake, monkeypatch, "guest-error")
    text = qemu.log_file("fake/test").read_text()
    assert "-kernel" in text and "KTAP version 1" in text and "invalid write" in text


def test_bench_repeats_but_for_nvme(fake, monkeypatch):
    runs = [bench.run(fake)[0].output for _ in range(2)]
    assert bench.differences(*runs) == []
    monkeypatch.setenv("FAKE_FAULT", "drift")
    runs = [bench.run(fake)[0].output for _ in range(2)]
    assert len(bench.differences(*runs)) == 1


def test_bench_table_marks_targets():
    entries = [
        {"name": "msi.to_handler", "p50": 45, "max": 60},
        {"name": "msi.alloc", "n_vectors": 64, "machine": "bench", "p50": 201, "max": 400},
        {"name": "other", "p50": 1, "max": 1},
        {"name": "boot.first_msi", "machine": "bench", "p50": 1, "max": 1},
        {"name": "boot.first_msi", "machine": "bench-first", "p50": 1, "max": 1},
    ]
    rows = bench.table(entries, bench.load_targets()).splitlines()
    assert "pass" in rows[1] and "800" in rows[1]
    assert "OVER" in rows[2] and "200" in rows[2]
    assert bench.misses(entries, bench.load_targets()) == ["msi.alloc is 201, its target 200"]
    assert all("pass" not in row and "OVER" not in row for row in rows[3:5])
    assert "pass" in rows[5]
