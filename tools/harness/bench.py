# SPDX-License-Identifier: Apache-2.0
"""Runs the benches of a machine and sets them beside their targets and Linux."""

import pathlib
import tomllib

from harness import lines, machines, qemu, verdict

TARGETS = pathlib.Path(__file__).with_name("targets.toml")
INEXACT = ("nvme.",)


def load_targets(path=TARGETS):
    with open(path, "rb") as file:
        return {key_of(entry): entry for entry in tomllib.load(file)["bench"]}


def key_of(entry):
    """A bench on a platform; an entry of targets.toml without one is riscv-virt's."""
    platform = entry.get("platform", machines.PLATFORM)
    return platform, entry["name"], entry.get("n_vectors", 0)


def bench_lines(text):
    return [o for o in lines.json_lines(text)[0] if o["type"] == "bench" and "name" in o]


def all_entries(machine, text):
    """What the table shows: the benches, and the RAM in use that the boot line tells."""
    boots = [o for o in lines.json_lines(text)[0] if o["type"] == "boot" and "ram_used" in o]
    ram = [{"name": "boot.ram_used", "p50": o["ram_used"], "max": o["ram_used"]} for o in boots]
    where = {"machine": machine.name, "platform": machine.platform}
    return [{**entry, **where} for entry in bench_lines(text) + ram]


def raw_lines(text):
    """The JSON lines as printed, without those that host time decides."""
    inexact = tuple(f'"name":"{name}' for name in INEXACT)
    return [
        line
        for line in text.splitlines()
        if line.startswith("{") and not any(name in line.replace(" ", "") for name in inexact)
    ]


def commands(machine):
    return " ".join(["bench", *machine.bench]) + "; poweroff"


def run(machine, build=None, log=None, extra=()):
    """(run, problems) of the machine's benches."""
    result = qemu.boot(machine, commands(machine), build, log, extra)
    problems = verdict.booted(machine, result)
    problems += missing(machine, result.output)
    return result, problems


def missing(machine, text):
    names = {entry["name"] for entry in bench_lines(text)}
    if not names:
        return ["no bench lines"]
    return [f"bench {name} printed nothing" for name in machine.bench if name not in names]


def differences(first, second):
    """What two runs print differently, of the lines that must repeat exactly."""
    one, two = raw_lines(first), raw_lines(second)
    found = [f"first:  {a}\nsecond: {b}" for a, b in zip(one, two) if a != b]
    if len(one) != len(two):
        found.append(f"{len(one)} lines, then {len(two)}")
    return found


def median(entry):
    return entry.get("p50", entry.get("max"))


def mark(value, target):
    if target is None or value is None:
        return ""
    return "pass" if value <= target else "OVER"


def target_of(entry, targets):
    """The entry of targets.toml that holds for the bench on its machine, or nothing."""
    known = targets.get(key_of(entry), {})
    machine = entry.get("machine", "")
    return known if known.get("machine", machine) == machine else {}


def misses(entries, targets):
    """What is over its target, a line each."""
    found = []
    for entry in entries:
        target = target_of(entry, targets).get("target")
        if mark(median(entry), target) == "OVER":
            found.append(f"{entry['name']} is {median(entry)}, its target {target}")
    return found


def table(entries, targets):
    """The table for people: a line a bench."""
    rows = [("bench", "machine", "N", "p50", "max", "target", "", "Linux 6.12")]
    for entry in entries:
        machine = entry.get("machine", "")
        known = target_of(entry, targets)
        value = median(entry)
        rows.append(
            (
                entry["name"],
                machine,
                entry.get("n_vectors", ""),
                value,
                entry.get("max", ""),
                known.get("target", ""),
                mark(value, known.get("target")),
                known.get("linux", ""),
            )
        )
    widths = [max(len(str(row[i])) for row in rows) for i in range(len(rows[0]))]
    return "\n".join(format_row(row, widths) for row in rows)


def format_row(row, widths):
    cells = [str(cell).ljust(width) for cell, width in zip(row[:2], widths)]
    cells += [str(cell).rjust(width) for cell, width in zip(row[2:], widths[2:])]
    return "  ".join(cells).rstrip()
