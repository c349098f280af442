# SPDX-License-Identifier: Apache-2.0
"""Judges a run: a list of what is wrong with it, a line each; an empty list is a pass."""

import re
import signal

from harness import ktap, lines

LEFT_OUT = re.compile(r"^\[warn\] hart \d+ \(ID \d+\) did not start: left out$", re.MULTILINE)


def signal_name(number):
    try:
        return signal.Signals(number).name
    except ValueError:
        return f"signal {number}"


def ending(run, status=0):
    """How the machine ended, where that is not the wanted exit status."""
    if run.timed_out:
        return [f"timeout: did not end within {run.seconds:.0f} s"]
    if run.too_much:
        return ["more output than any test prints"]
    if run.signal and run.status != status:
        return [f"the hypervisor died: {run.argv[0]} ended by {signal_name(run.signal)}"]
    if run.status != status:
        return [f"exit status {run.status}, not {status}"]
    return []


def console(text):
    """Silence, panics and malformed lines for machines."""
    problems = []
    if not text.strip():
        problems.append("silence: nothing on the console")
    problems += lines.panics(text)
    return problems + lines.json_lines(text)[1]


def boot_line(machine, text):
    """The JSON line at the end of boot, and that all harts came up or are named, if they may."""
    boots = [o for o in lines.json_lines(text)[0] if o["type"] == "boot"]
    if len(boots) != 1:
        return [f"{len(boots)} boot lines (JSON), not 1"]
    named = min(len(LEFT_OUT.findall(text)), machine.absent)
    wanted = machine.harts - machine.others - named
    if boots[0].get("harts") != wanted:
        return [f"{boots[0].get('harts')} harts came up, not {wanted}"]
    return []


def guest_log(run):
    """QEMU's log must be empty."""
    logged = run.guest_log.strip().splitlines()
    if not logged:
        return []
    return [f"QEMU logged {len(logged)} guest errors, the first: {logged[0]}"]


def booted(machine, run, status=0):
    """Any run of a machine that ends by poweroff."""
    problems = ending(run, status) + console(run.output)
    if run.stderr.strip() and not run.output.strip():
        problems.append(f"QEMU says: {run.stderr.strip().splitlines()[-1]}")
    problems += boot_line(machine, run.output) + guest_log(run)
    for pattern in machine.expect:
        if not re.search(pattern, run.output, re.MULTILINE):
            problems.append(f"not on the console: {pattern}")
    return problems


def tests(machine, run, required=None):
    """A run of `test; poweroff`: (report, problems)."""
    report = ktap.parse(run.output)
    wanted = machine.required if required is None else required
    return report, booted(machine, run) + report.problems(wanted)
