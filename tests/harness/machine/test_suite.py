# SPDX-License-Identifier: Apache-2.0
"""Every machine: the on-target tests, and how a run tells its result to a script."""

import json
import re

import pytest
from harness import ktap, lines, machines, qemu, routes, verdict

TESTS = machines.ROOT / "tests" / "target"
ENTRY = re.compile(r"^TEST\((\w+), (\w+)\)", re.MULTILINE)
# What is a platform's own: its architecture, its controllers, its hypervisor's calls.
OWN = ("arch/", "iommu/", "irqchip/", "msi/rtas", "msi/sbi")


def conformance():
    """The tests that are on every platform."""
    files = {str(path.relative_to(TESTS)): path for path in TESTS.rglob("*.c")}
    texts = [path.read_text() for name, path in files.items() if not name.startswith(OWN)]
    return {".".join(entry.groups()) for text in texts for entry in ENTRY.finditer(text)}


def runs_all(machine):
    """Is it a checked image, and does it run whatever is not by name?"""
    checked = routes.image(machine.route) == "tocsin.elf" and not machine.release
    return checked and not machine.tests


def test_suite(machine):
    run = qemu.boot(machine, f"irq; test {machine.tests}; poweroff", log=f"{machine.name}/suite")
    report, problems = verdict.tests(machine, run)
    assert problems == [], run.text()
    if runs_all(machine):
        assert sorted(conformance() - {test.name for test in report.tests}) == []
    assert lines.irq_table(run.output), "no irq table"


def backend(machine):
    """The backend that the functions of a machine have."""
    wired = machine.platform == "riscv-virt" and "aplic-imsic" not in machine.machine
    if machine.backend == "direct" and wired:
        return "none"
    return "none" if "msi=none" in machine.settings else machine.backend


def test_boot_line(machine, boot):
    """The JSON line stands at the end of boot, before the commands, and is true."""
    run = boot("lspci; poweroff")
    at = next(n for n, line in enumerate(run.lines) if line.startswith('{"type":"boot"'))
    listed = [n for n, line in enumerate(run.lines) if re.match(rf"{lines.BDF} ", line)]
    boot_line = json.loads(run.lines[at])
    assert boot_line["functions"] == sum(1 for n in listed if n > at) > 0
    assert boot_line["backend"] == backend(machine) and boot_line["vectors"] > 0
    assert boot_line["instructions"] > 0 and boot_line["ns"] > 0


@pytest.mark.machines("virt-1", "virt-4")
@pytest.mark.parametrize("status", [0, 1, 7, 255])
def test_poweroff_status(boot, status):
    boot(f"poweroff {status}", status)


@pytest.mark.machines("virt-1", "xics-1")
def test_poweroff_reports_a_failed_command(boot):
    run = boot("nosuchcommand; help help; poweroff", 1)
    assert len(lines.error_lines(run.output)) == 1
    assert run.output.count("\nhelp") == 1, "the list went on after the failed command"


@pytest.mark.machines("virt-1", "virt-4", "xics-1")
def test_a_failed_test_fails_the_run(boot):
    run = boot("test.fail=1 test selftest; poweroff", 1)
    report = ktap.parse(run.output)
    assert report.errors == []
    assert {t.name.split(".")[0] for t in report.failed} == {"selftest"}


@pytest.mark.machines("virt-1", "xics-1")
def test_a_test_that_does_not_exist_fails_the_run(boot):
    run = boot("test nosuchsuite; poweroff", 1)
    assert len(lines.error_lines(run.output)) == 1 or "1..0" in run.output


@pytest.mark.machines("virt-1", "virt-4")
def test_long_boot_arguments(boot):
    """Boot arguments of 8 KiB and more are taken whole, long words among them."""
    commands = "; ".join(["help irq"] * 1200)
    run = boot(f"pad={'x' * 3000} {commands}; poweroff 9", 9)
    help_line = boot("help irq; poweroff").lines
    answer = [l for l in help_line if l.startswith("irq")][0]
    assert run.lines.count(answer) == 1200


@pytest.mark.machines("virt-4", "xics-1")
def test_without_a_console_reader(boot):
    """Nothing is read from stdin and nothing waits for it."""
    assert "tocsin> " not in boot("hart; poweroff").output
