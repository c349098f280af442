# SPDX-License-Identifier: Apache-2.0
"""Reads what the console prints: JSON lines, the irq table, lspci, errors and panics."""

import dataclasses
import json
import re

ERROR = re.compile(r"^error: .+$", re.MULTILINE)
PANIC = re.compile(r"^panic: .*$", re.MULTILINE)
BDF = r"(?:[0-9a-f]{4}:)?[0-9a-f]{2}:[0-9a-f]{2}\.[0-7]"


def json_lines(text):
    """(objects, errors): a line with `{` in column 0 is JSON and says its "type"."""
    objects, errors = [], []
    for line in text.splitlines():
        if not line.startswith("{"):
            continue
        try:
            value = json.loads(line)
        except ValueError:
            errors.append(f"malformed JSON line: {line}")
            continue
        if isinstance(value.get("type"), str):
            objects.append(value)
        else:
            errors.append(f"JSON line without a type: {line}")
    return objects, errors


def error_lines(text):
    return ERROR.findall(text)


def panics(text):
    return PANIC.findall(text)


@dataclasses.dataclass
class Irq:
    """A row of the irq table."""

    irq: str
    counts: list
    chip: str
    backend: str
    function: str
    name: str

    @property
    def total(self):
        return sum(self.counts)

    @property
    def bdf(self):
        return self.function.split("[")[0]

    @property
    def vector(self):
        match = re.search(r"\[(\d+)\]", self.function)
        return int(match.group(1)) if match else None


def irq_table(text):
    """Rows of the table, by the columns that its header names."""
    rows, header = [], None
    for line in text.splitlines():
        words = line.split()
        if words[:2] == ["irq", "hart0"] or (words[:1] == ["irq"] and "chip" in words):
            header = words
            continue
        if header is None or not words or not re.match(r"^\d+:?$", words[0]):
            continue
        harts = sum(1 for w in header if re.match(r"^hart\d+$", w))
        if len(words) < 1 + harts or not all(w.isdigit() for w in words[1 : 1 + harts]):
            continue
        fields = dict(zip(header[1 + harts :], words[1 + harts :]))
        last = header[-1]
        fields[last] = " ".join(words[len(header) - 1 :])
        rows.append(
            Irq(
                words[0].rstrip(":"),
                [int(w) for w in words[1 : 1 + harts]],
                *(fields.get(k, "") for k in ("chip", "backend", "function", "name")),
            )
        )
    return rows


def irq_growth(before, after):
    """{irq: [growth per hart]} of the rows that changed."""
    old = {row.irq: row.counts for row in before}
    growth = {}
    for row in after:
        was = old.get(row.irq, [0] * len(row.counts))
        delta = [b - a for a, b in zip(was, row.counts)]
        if any(delta):
            growth[row.irq] = delta
    return growth


def raised(text):
    """[(function, vector, raised, handled)] of raise's lines."""
    found = re.findall(rf"^({BDF})\[(\d+)\] raised=(\d+) handled=(\d+)\b", text, re.MULTILINE)
    return [(f, int(v), int(r), int(h)) for f, v, r, h in found]


def lspci_ids(text):
    """{bdf: "vvvv:dddd"} from `lspci -n`."""
    return dict(re.findall(rf"^({BDF}) .*?\b([0-9a-f]{{4}}:[0-9a-f]{{4}})\b", text, re.MULTILINE))


def lspci_dump(text):
    """{bdf: bytes} from `lspci -x…`."""
    functions, current = {}, None
    for line in text.splitlines():
        head = re.match(rf"^({BDF})\b", line)
        row = re.match(r"^([0-9a-f]{2,3}):((?: [0-9a-f]{2})+)$", line.rstrip())
        if row and current is not None and int(row.group(1), 16) == len(functions[current]):
            functions[current] += bytes.fromhex(row.group(2))
        elif head:
            current = head.group(1)
            functions[current] = b""
    return functions


@dataclasses.dataclass
class Function:
    """A PCI function as its configuration space, or QEMU, says it."""

    ids: str
    bars: dict = dataclasses.field(default_factory=dict)
    ends: dict = dataclasses.field(default_factory=dict)
    windows: list = dataclasses.field(default_factory=list)
    buses: tuple = ()
    io_bars: set = dataclasses.field(default_factory=set)


def decode_header(config):
    """What the standard header of a configuration space says."""

    def word(at, size=4):
        return int.from_bytes(config[at : at + size], "little")

    function = Function(f"{word(0, 2):04x}:{word(2, 2):04x}")
    bridge = word(14, 1) & 0x7F == 1
    bar, last = 0, 2 if bridge else 6
    while bar < last:
        value = word(0x10 + 4 * bar)
        index = bar
        if value & 1:
            address = value & ~0x3
            function.io_bars.add(bar)
        else:
            address = value & ~0xF
            if value & 0x6 == 0x4:
                bar += 1
                address |= word(0x10 + 4 * bar) << 32
        if address:
            function.bars[index] = address
        bar += 1
    if bridge:
        function.buses = (word(0x18, 1), word(0x19, 1), word(0x1A, 1))
    return function


VIRTUAL = "ffff:ffff"


# QEMU 7.2 prints it as an address.
NOT_MAPPED = (1 << 64) - 1


def info_pci(text):
    """{bdf: Function} from QEMU's `info pci`; the address of a BAR that is not mapped is None.

    QEMU lists virtual functions as VIRTUAL; those that have nothing mapped, not enabled, are
    left out. A bridge's windows are (kind, first, last), those that are closed left out. Host
    bridges are listed one behind the other without their segments, the last one first.
    """
    functions, current, segments = {}, None, []
    for line in text.splitlines():
        place = re.match(r"\s*Bus\s+(\d+), device\s+(\d+), function (\d+):", line)
        ids = re.search(r"PCI (?:device|bridge) ([0-9a-f]{4}:[0-9a-f]{4})", line)
        bar = re.match(
            r"\s*BAR(\d): .*?(?: at 0x([0-9a-f]+) \[0x([0-9a-f]+)\]|\(not mapped\))", line
        )
        window = re.match(r"\s*(IO|memory|prefetchable memory) range \[0x(\w+), 0x(\w+)\]", line)
        bus = re.match(r"\s*(BUS|secondary bus|subordinate bus) (\d+)", line)
        if place:
            bdf = "{:02x}:{:02x}.{}".format(*(int(n) for n in place.groups()))
            if bdf in functions:
                segments.insert(0, functions)
                functions = {}
            current = functions[bdf] = Function("")
        elif current is None:
            continue
        elif bar:
            mapped = bar.group(2) and int(bar.group(2), 16) != NOT_MAPPED
            current.bars[int(bar.group(1))] = int(bar.group(2), 16) if mapped else None
            if mapped:
                current.ends[int(bar.group(1))] = int(bar.group(3), 16)
            if ": I/O" in line:
                current.io_bars.add(int(bar.group(1)))
        elif window:
            first, last = int(window.group(2), 16), int(window.group(3), 16)
            if first <= last:
                current.windows.append((window.group(1), first, last))
        elif bus:
            current.buses += (int(bus.group(2)),)
        elif ids and not current.ids:
            current.ids = ids.group(1)
    segments.insert(0, functions)
    return {
        (f"{segment:04x}:{bdf}" if len(segments) > 1 else bdf): f
        for segment, functions in enumerate(segments)
        for bdf, f in functions.items()
        if f.ids != VIRTUAL or f.ends
    }
