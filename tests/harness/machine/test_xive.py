# SPDX-License-Identifier: Apache-2.0
"""What XIVE costs, and in which order a source is given back, by QEMU's own trace."""

import collections
import re

import pytest
from harness import lines, qemu, verdict

CHANGE = re.compile(r"ibm_change_msi cfgaddr 0x(\w+) func \d+, requested (\d+),")
QUERY = re.compile(r"query_interrupt_source_number queries for #\d+, IRQ(\d+)")
INFO = re.compile(r"spapr_xive_get_source_info .*lisn=0x(\w+)")
ROUTE = re.compile(r"spapr_xive_set_source_config .*lisn=0x(\w+) target=0x(\w+) priority=0x(\w+)")
SYNC = re.compile(r"spapr_xive_sync .*lisn=0x(\w+)")
ESB = re.compile(r"xive_source_esb_read @0x\w+(\w)00 IRQ 0x(\w+)")
TRIGGER = re.compile(r"xive_source_esb_write @0x\w+ IRQ 0x(\w+)")
RELEASED = "spapr_pci_msi Released MSIs"
EVENTS = ("spapr_pci_rtas*", "spapr_pci_msi", "spapr_xive*", "xive_source_esb*")
OFF, ON = "d", "c"


def traced(machine, commands, name):
    """What QEMU's own trace says that the hypervisor was asked for."""
    extra = [word for event in EVENTS for word in ("-trace", event)]
    run = qemu.boot(machine, commands, log=f"{machine.name}/{name}", extra=extra)
    assert verdict.ending(run) == [] and lines.panics(run.output) == [], run.text()
    return run.guest_log.splitlines()


def steps(trace):
    """(what, source, detail) of each line that is about a source; a release has no source."""
    for line in trace:
        if found := QUERY.search(line):
            yield "query", int(found[1]), None
        elif found := INFO.search(line):
            yield "info", int(found[1], 16), None
        elif found := ROUTE.search(line):
            yield "route", int(found[1], 16), int(found[3], 16)
        elif found := SYNC.search(line):
            yield "sync", int(found[1], 16), None
        elif found := ESB.search(line):
            yield "esb", int(found[2], 16), found[1]
        elif found := TRIGGER.search(line):
            yield "trigger", int(found[1], 16), None
        elif line.startswith(RELEASED):
            yield "released", None, None


@pytest.mark.machines("xive", "dual")
def test_one_call_for_a_set(machine):
    """edu, igb, nvme and virtio: a change-msi each; for each vector a query, its pages, a route, a load."""
    trace = traced(machine, "poweroff", "calls")
    sets = [int(found[2]) for found in map(CHANGE.search, trace) if found and int(found[2])]
    assert sorted(sets) == [1, 2, machine.harts + 1, 10]
    asked = list(steps(trace))
    sources = [source for what, source, _ in asked if what == "query"]
    assert len(sources) == len(set(sources)) == sum(sets)
    for source in sources:
        calls = [step[0] for step in asked if step[1] == source]
        # Then, a load for each event of the drivers' own.
        assert calls[:4] == ["query", "info", "route", "esb"] and set(calls[4:]) <= {"esb"}
    assert {step[2] for step in asked if step[0] == "esb" and step[1] in sources} == {ON}


@pytest.mark.machines("xive", "dual")
def test_move_is_one_call(machine):
    """There and back: two routes, nothing else of that source."""
    boot = list(steps(traced(machine, "poweroff", "no-move")))
    trace = list(steps(traced(machine, "affinity 3 0; affinity 3 1; poweroff", "moves")))
    more = collections.Counter(trace) - collections.Counter(boot)
    ((source, calls),) = collections.Counter(step[1] for step in more.elements()).items()
    assert calls == 2 and {step[0] for step in more} == {"route"}, more
    assert source >= 0x1300


@pytest.mark.machines("xive", "dual")
def test_freed_sources_are_off_and_synchronised(machine):
    """Off, to nowhere, synchronised, and each hart looks at its queue; only then is it given back."""
    trace = traced(machine, "test rtas.freed_sources_come_again; poweroff", "freed")
    held, released = {}, 0
    for what, source, detail in steps(trace):
        if what == "query":
            held[source] = []
        elif what == "trigger" and source < machine.harts:
            for done in held.values():
                done.append(("ipi", source))
        elif what == "released":
            freed = [done for done in held.values() if ("esb", OFF) in done]
            assert len(freed) == 2
            for done in freed:
                order = [done.index(step) for step in (("esb", OFF), ("route", 0xFF), ("sync", None))]
                assert order == sorted(order), done
                after = done[order[-1] + 1 :]
                assert {("ipi", hart) for hart in range(machine.harts)} <= set(after), done
                assert {step[0] for step in after} == {"ipi"}, done
            held = {lisn: done for lisn, done in held.items() if done not in freed}
            released += 1
        elif source in held:
            held[source].append((what, detail))
    assert released == 40
