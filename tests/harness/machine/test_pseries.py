# SPDX-License-Identifier: Apache-2.0
"""What the POWER platform does not share with others: how it ends, and what a fault shows."""

import re

import pytest
from harness import lines, qemu, verdict

SYMBOL = re.compile(r"\b[a-z_][a-z0-9_.]*\+0x[0-9a-f]+", re.IGNORECASE)
OS_TERM = re.compile(r"OS terminated: exit status (\d+)")


@pytest.mark.machines("xics-1", "xics-threads")
@pytest.mark.parametrize("status", [0, 1, 7, 255])
def test_status(machine, status):
    """No service carries one: ibm,os-term says that it failed, and names it to QEMU's console."""
    run = qemu.boot(machine, f"poweroff {status}", log=f"{machine.name}/status-{status}")
    assert verdict.ending(run, 1 if status else 0) == [], run.text()
    assert OS_TERM.findall(run.stderr) == ([str(status)] if status else [])


@pytest.mark.machines("xics-1", "xics-threads")
@pytest.mark.parametrize("kind, words", [("libc", "malloc"), ("assert", "crash_assert")])
def test_crash(machine, kind, words):
    run = qemu.boot(machine, f"crash {kind}; poweroff", log=f"{machine.name}/crash-{kind}")
    assert verdict.ending(run, 1) == [], run.text()
    assert len(lines.panics(run.output)) == 1, run.text()
    after = run.output[run.output.index("\npanic: ") :]
    called = [symbol.split("+")[0] for symbol in SYMBOL.findall(after)]
    assert words in called[:3] and "command_run" in called, after


@pytest.mark.machines("xics-1", "xics-threads")
@pytest.mark.parametrize("kind, words", [("trap", "illegal instruction"), ("io", "machine check")])
def test_fault(machine, kind, words):
    """Registers, and a backtrace from the instruction on."""
    run = qemu.boot(machine, f"crash {kind}; poweroff", log=f"{machine.name}/crash-{kind}")
    assert verdict.ending(run, 1) == [], run.text()
    (panic,) = lines.panics(run.output)
    assert words in panic
    after = run.output[run.output.index("\npanic: ") :]
    assert re.search(r"\bpc +[0-9a-f]{16}\b", after) and re.search(r"\bsp +0", after), after
    assert SYMBOL.findall(after)[0].startswith(f"crash_{kind}"), after


@pytest.mark.machines("xics-dies")
def test_hypervisor_that_dies_is_called_so(machine):
    """QEMU 10.0 ends itself by an assertion: no test has failed, and none is said to have."""
    run = qemu.boot(
        machine,
        "test rtas_answers.more_than_the_pool_has; poweroff",
        log=f"{machine.name}/dies",
    )
    died = "the hypervisor died: qemu-system-ppc64 ended by SIGABRT"
    assert verdict.ending(run) == [died], run.text()
    problems = verdict.tests(machine, run, ())[1]
    assert problems[0] == died and not any("not ok" in problem for problem in problems)
    assert "Assertion" in run.stderr


@pytest.mark.machines("xics-dies")
def test_hypervisor_is_not_made_to_die(machine):
    """The backend asks for no more than is left."""
    run = qemu.boot(machine, "test rtas.pool_is_the_most; poweroff", log=f"{machine.name}/pool")
    name = "rtas.pool_is_the_most"
    assert verdict.tests(machine, run, (name,))[1] == [], run.text()


@pytest.mark.machines("plain-xics", "plain-xive", "plain-dual")
def test_plain_command_line(machine):
    """The machine as QEMU has it by itself."""
    run = qemu.boot(machine, "lspci; irq; msi; test; poweroff", log=f"{machine.name}/all")
    assert verdict.tests(machine, run)[1] == [], run.text()


@pytest.mark.machines("xics-4", "xics-threads", "xive", "xive-power9")
def test_ten_thousand_on_every_vector(machine):
    """Each of igb's is moved to each hart in turn, and all but its share is a failure."""
    name = "igb.every_vector_is_exact_on_every_hart"
    run = qemu.boot(
        machine,
        f"test {name} RAISES={10000 // machine.harts}; poweroff",
        log=f"{machine.name}/ten-thousand",
    )
    assert verdict.tests(machine, run, (name,))[1] == [], run.text()


CHANGE = re.compile(r"ibm_change_msi cfgaddr 0x(\w+) func (\d+), requested (\d+),")
QUERY = re.compile(r"query_interrupt_source_number queries for #(\d+), IRQ(\d+)")
ROUTE = re.compile(r"ics_write_xive: irq 0x(\w+) .* prio 0x(\w+)")
RELEASED = "spapr_pci_msi Released MSIs"
OFF = "ff"


def traced(machine, commands, name):
    """What QEMU's own trace says that the hypervisor was asked for."""
    names = ("spapr_pci_rtas*", "spapr_pci_msi", "xics_ics_write_xive")
    events = [word for name in names for word in ("-trace", name)]
    run = qemu.boot(machine, commands, log=f"{machine.name}/{name}", extra=events)
    assert verdict.ending(run) == [] and lines.panics(run.output) == [], run.text()
    return run.guest_log.splitlines()


@pytest.mark.machines("xics-4")
def test_one_call_for_a_set(machine):
    """edu, igb and nvme: a change-msi each, then a query and a route for each vector, no more."""
    trace = traced(machine, "poweroff", "calls")
    sets = [(int(m[1], 16), int(m[3])) for m in map(CHANGE.search, trace) if m and int(m[3])]
    assert sets == [(0x000, 1), (0x100 * 8, 10), (0x200 * 8, 5)]
    sources = [f"{int(m[2]):x}" for m in map(QUERY.search, trace) if m]
    assert len(sources) == len(set(sources)) == 16
    routed = [m[1] for m in map(ROUTE.search, trace) if m and m[1] in sources]
    assert sorted(routed) == sorted(sources)


WRITTEN = re.compile(r"^messages written: (\d+), refused: (\d+)$", re.MULTILINE)
TABLE_WRITE = re.compile(r"memory_region_ops_write .* name 'msix-table'")
# edu's capability: address, upper address, data
EDU_MESSAGE = re.compile(r"pci_cfg_write edu .* @0x4[4-f] ")
USE = "msi.* edu.* igb.* nvme.every_vector_is_exact rtas.* reset.*"


@pytest.mark.machines("xics-4", "xive")
def test_guest_writes_no_message(machine):
    """Neither does the kernel's own writer know of one, nor QEMU of a store to a table or an address."""
    names = ("memory_region_ops_write", "pci_cfg_write")
    events = [word for name in names for word in ("-trace", name)]
    run = qemu.boot(
        machine, f"test {USE}; msi; poweroff", log=f"{machine.name}/messages", extra=events
    )
    assert verdict.ending(run) == [] and lines.panics(run.output) == [], run.text()
    assert WRITTEN.findall(run.output) == [("0", "0")], run.text()
    trace = run.guest_log.splitlines()
    assert [line for line in trace if TABLE_WRITE.search(line) or EDU_MESSAGE.search(line)] == []
    assert any("memory_region_ops_write" in line for line in trace)
    assert any("pci_cfg_write edu" in line for line in trace)


@pytest.mark.machines("virt-1")
def test_our_own_messages_are_counted(boot):
    ((written, refused),) = WRITTEN.findall(boot("msi; poweroff").output)
    assert int(written) > 0 and refused == "0"


@pytest.mark.machines("xics-4")
def test_freed_sources_are_off(machine):
    """When a set is given back, the last that was said of each of its sources is off."""
    trace = traced(machine, "test rtas.freed_sources_come_again; poweroff", "freed")
    last, held, released = {}, [], 0
    for line in trace:
        query, route = (p.search(line) for p in (QUERY, ROUTE))
        if route:
            last[route[1]] = route[2]
        elif query:
            held.append(f"{int(query[2]):x}")
        elif CHANGE.search(line):
            held = []
        elif line.startswith(RELEASED):
            assert {last[source] for source in held} == {OFF}, held
            released += 1
    assert released == 40
