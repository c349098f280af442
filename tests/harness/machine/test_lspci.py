# SPDX-License-Identifier: Apache-2.0
"""What lspci lists against what QEMU says is there."""

import re

from harness import lines


def test_functions(machine, prompt):
    """The same functions with the same IDs as QEMU's own list."""
    known = lines.info_pci(prompt.monitor("info pci"))
    ids = lines.lspci_ids(prompt.command("lspci -n"))
    assert sorted(ids) == sorted(known)
    assert {b: f.ids for b, f in known.items()} == {
        b: i if known[b].ids != lines.VIRTUAL else lines.VIRTUAL for b, i in ids.items()
    }
    listed = re.findall(rf"^({lines.BDF}) ", prompt.command("lspci"), re.MULTILINE)
    assert listed == sorted(known)


def test_dump(machine, prompt):
    """BARs and bus numbers, decoded from the dump, are where QEMU has mapped them."""
    known = lines.info_pci(prompt.monitor("info pci"))
    dump = lines.lspci_dump(prompt.command("lspci -x"))
    assert sorted(dump) == sorted(known)
    for bdf, config in dump.items():
        assert len(config) == 64, bdf
        function = lines.decode_header(config)
        assert (function.ids, function.buses) == (known[bdf].ids, known[bdf].buses), bdf
        if function.ids == lines.VIRTUAL:
            assert function.bars == {}, "a VF has no BARs of its own"
            continue
        # The hypervisor gives a guest no port I/O, and POWER9's host bridges have none.
        no_io = machine.route == "guest" or machine.platform == "powernv9"
        hidden = known[bdf].io_bars if no_io else ()
        shown = {n: bar for n, bar in known[bdf].bars.items() if n not in hidden}
        assert function.bars == shown, bdf
        assert all(function.bars.values()), f"{bdf}: a BAR is not assigned"


def split(bdf):
    """(segment, bus) of a function's name."""
    *segment, bus, _ = bdf.split(":")
    return segment, int(bus, 16)


def above(known, bdf):
    """The bridges that forward to the bus of a function."""
    segment, bus = split(bdf)
    bridges = [f for name, f in known.items() if f.buses and split(name)[0] == segment]
    return [f for f in bridges if f.buses[1] <= bus <= f.buses[2]]


def apart(mapped):
    """Does nothing overlap? Each host bridge has windows of its own."""
    return all(
        one[1] < two[0]
        for one, two in zip(mapped, mapped[1:], strict=False)
        if split(one[2])[0] == split(two[2])[0]
    )


def test_layout(machine, prompt):
    """As QEMU has it mapped: nothing overlaps, bridges forward what is behind them."""
    known = lines.info_pci(prompt.monitor("info pci"))
    for io in (True, False):
        mapped = sorted(
            (split(bdf)[0], first, f.ends[bar], bdf)
            for bdf, f in known.items()
            for bar, first in f.bars.items()
            if first is not None and (bar in f.io_bars) == io
        )
        mapped = [place[1:] for place in mapped]
        assert apart(mapped), mapped
        for first, last, bdf in mapped:
            for bridge in above(known, bdf):
                assert any(
                    (kind == "IO") == io and low <= first and last <= high
                    for kind, low, high in bridge.windows
                ), f"{bdf}: {first:#x} is not forwarded"


def test_long_dumps(machine, prompt):
    short, long = (lines.lspci_dump(prompt.command(f"lspci {o}")) for o in ("-xxx", "-xxxx"))
    assert {len(config) for config in short.values()} == {256}
    assert {len(config) for config in long.values()} <= {256, 4096}
    assert all(long[bdf].startswith(config) for bdf, config in short.items())


def test_verbose_names_every_bar(machine, prompt):
    dump = lines.lspci_dump(prompt.command("lspci -x"))
    known = lines.info_pci(prompt.monitor("info pci"))
    parts = re.split(rf"^(?={lines.BDF} )", prompt.command("lspci -v"), flags=re.MULTILINE)
    parts = {part.split()[0]: part for part in parts if part.strip()}
    for bdf, config in dump.items():
        said = re.findall(r"(?:Memory|I/O ports) at (?:0x)?([0-9a-f]+)", parts[bdf])
        virtual = known[bdf].ids == lines.VIRTUAL
        bars = known[bdf].bars if virtual else lines.decode_header(config).bars
        assert [int(s, 16) for s in said] == list(bars.values()), bdf


def test_one_function(machine, prompt):
    bdfs = list(lines.lspci_ids(prompt.command("lspci -n")))
    for bdf in bdfs:
        assert list(lines.lspci_ids(prompt.command(f"lspci -n -s {bdf}"))) == [bdf]
