# SPDX-License-Identifier: Apache-2.0
"""The readers of the console's lines."""

from harness import lines

IRQ = """\
irq   hart0  hart1  chip   backend  function    name
  1       5      0  imsic  direct   00:01.0[0]  edu
 12       0     70  imsic  direct   00:02.0[9]  igb rx
 40       9      9  aplic  -        -           ns16550
spurious 0, late 0
"""


def test_json_lines():
    objects, errors = lines.json_lines('{"type":"boot","harts":4}\n {"not":"column 0"}\ntext\n')
    assert objects == [{"type": "boot", "harts": 4}] and errors == []


def test_broken_json_lines():
    for text in ('{"type":"boot"', '{"harts":4}', '{"type":4}', "{}", "{panic"):
        objects, errors = lines.json_lines(text + "\n")
        assert objects == [] and len(errors) == 1, text


def test_irq_table():
    rows = lines.irq_table(IRQ)
    assert [(r.irq, r.counts, r.name) for r in rows] == [
        ("1", [5, 0], "edu"),
        ("12", [0, 70], "igb rx"),
        ("40", [9, 9], "ns16550"),
    ]
    assert (rows[1].bdf, rows[1].vector, rows[1].chip, rows[1].backend) == (
        "00:02.0",
        9,
        "imsic",
        "direct",
    )
    assert rows[2].vector is None


def test_irq_growth():
    after = lines.irq_table(IRQ.replace("     70", "     77"))
    assert lines.irq_growth(lines.irq_table(IRQ), after) == {"12": [0, 7]}


def test_raised():
    text = "00:01.0[0] raised=10 handled=10\n00:02.0[9] raised=5 handled=4\n"
    assert lines.raised(text) == [("00:01.0", 0, 10, 10), ("00:02.0", 9, 5, 4)]


def test_errors_and_panics():
    text = "error: no\nan error: not at the start\npanic: dead\n"
    assert lines.error_lines(text) == ["error: no"] and lines.panics(text) == ["panic: dead"]


def test_lspci():
    text = "00:00.0 0600: 1b36:0008\n00:01.0 00ff: 1234:11e8 (rev 10)\n"
    assert lines.lspci_ids(text) == {"00:00.0": "1b36:0008", "00:01.0": "1234:11e8"}


def test_dump_and_header():
    config = bytearray(64)
    config[0:4] = bytes.fromhex("361b1000")
    config[0x10:0x18] = bytes.fromhex("0400004004000000")
    config[0x18:0x1C] = bytes.fromhex("01200000")
    rows = "\n".join(f"{at:02x}: {config[at:at + 16].hex(' ')}" for at in range(0, 64, 16))
    dump = lines.lspci_dump(f"00:03.0 Non-Volatile memory controller: x\n{rows}\n\n")
    assert dump == {"00:03.0": bytes(config)}
    function = lines.decode_header(dump["00:03.0"])
    assert function.ids == "1b36:0010"
    assert function.bars == {0: 0x440000000, 2: 0x2000}


def test_bridge_header():
    config = bytearray(64)
    config[14] = 0x81
    config[0x18:0x1B] = bytes([0, 1, 3])
    assert lines.decode_header(bytes(config)).buses == (0, 1, 3)


def test_info_pci():
    text = """  Bus  0, device   1, function 0:
    Class 0255: PCI device 1234:11e8
      PCI subsystem 1af4:1100
      IRQ 0, pin A
      BAR0: 32 bit memory at 0x40000000 [0x400fffff].
      BAR2: I/O (not mapped)
      BAR4: 64 bit prefetchable memory at 0xffffffffffffffff [0x00003ffe].
      id ""
  Bus  0, device   4, function 0:
    PCI bridge: PCI device 1b36:000c
      BUS 0.
      secondary bus 1.
      subordinate bus 2.
      IO range [0xf000, 0x0fff]
      memory range [0x40100000, 0x401fffff]
      prefetchable memory range [0x400000000, 0x4000fffff]
      id "rp"
  Bus  0, device  18, function 0:
    Ethernet controller: PCI device ffff:ffff
      BAR0: 32 bit memory (not mapped)
  Bus  0, device  18, function 2:
    Ethernet controller: PCI device ffff:ffff
      BAR0: 32 bit memory at 0x40200000 [0x40203fff].
"""
    functions = lines.info_pci(text)
    assert list(functions) == ["00:01.0", "00:04.0", "00:12.2"]
    assert functions["00:12.2"].ids == lines.VIRTUAL
    assert functions["00:01.0"].ids == "1234:11e8"
    assert functions["00:01.0"].bars == {0: 0x40000000, 2: None, 4: None}
    assert functions["00:01.0"].ends == {0: 0x400FFFFF}
    assert functions["00:01.0"].io_bars == {2}
    assert functions["00:04.0"].buses == (0, 1, 2)
    assert functions["00:04.0"].windows == [
        ("memory", 0x40100000, 0x401FFFFF),
        ("prefetchable memory", 0x400000000, 0x4000FFFFF),
    ]
