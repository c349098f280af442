# SPDX-License-Identifier: Apache-2.0
"""The machine file: its keys, inheritance, disks and command lines."""

import pathlib
import re
import tomllib

import pytest
from harness import HarnessError, machines, qemu

BASE = {"qemu": "q", "machine": "virt"}


def parse(tables, sets=None):
    return machines.parse({"defaults": BASE, "tests": sets or {}, "machine": tables}, "p")


def test_like_and_more():
    known = parse(
        {
            "a": {"devices": ["edu"], "harts": 4, "required": ["@core", "x.y"]},
            "b": {"like": "a", "harts": 1, "more_devices": ["igb"], "more_required": ["z.z"]},
        },
        {"core": ["c.one", "@more"], "more": ["c.two"]},
    )
    assert known["b"].devices == ("edu", "igb") and known["b"].harts == 1
    assert known["b"].required == ("c.one", "c.two", "x.y", "z.z")
    assert known["a"].devices == ("edu",)


@pytest.mark.parametrize(
    "tables, complaint",
    [
        ({"a": {"hart": 4}}, "unknown key hart"),
        ({"a": {"like": "b"}}, "like b, which does not exist"),
        ({"a": {"like": "b"}, "b": {"like": "a"}}, "like itself"),
        ({"a": {"required": ["@core"]}}, "no set of tests @core"),
        ({"a": {"machine": ""}}, "needs qemu and machine"),
    ],
)
def test_mistakes_are_named(tables, complaint):
    with pytest.raises(HarnessError, match=complaint):
        parse(tables)


def test_command_line(tmp_path):
    machine = machines.Machine(
        name="m",
        qemu="q",
        machine="virt,aia=aplic-imsic",
        harts=2,
        devices=("edu", "nvme,serial=s,drive=d"),
        disks=({"id": "d", "size": "64K"},),
        settings="loglevel=1",
    )
    argv = machine.command("i.elf", machine.append("irq; poweroff"), tmp_path)
    line = " ".join(argv)
    assert line.startswith("q -M virt,aia=aplic-imsic -smp 2 -m 512M -bios default -kernel i.elf")
    assert "-no-reboot" in argv and "-nic none" in line
    assert argv[argv.index("-append") + 1] == "loglevel=1 irq; poweroff"
    assert (tmp_path / "d.img").stat().st_size == 65536


def elf64(address):
    """An ELF file of one segment."""
    header = bytearray(64)
    header[32:40] = (64).to_bytes(8, "little")
    header[54:58] = (56).to_bytes(2, "little") + (1).to_bytes(2, "little")
    segment = bytearray(56)
    segment[0:4] = (1).to_bytes(4, "little")
    segment[24:32] = address.to_bytes(8, "little")
    return bytes(header + segment)


def test_guests(tmp_path):
    """The hypervisor is the kernel; the image and the payloads are loaded, these where they shall be."""
    build = tmp_path / "build"
    (build / "release").mkdir(parents=True)
    work = tmp_path / "work"
    work.mkdir()
    for name in ("tocsin-hv.elf", "other.elf", "release/tocsin.elf"):
        (build / name).write_bytes(elf64(0x80200000))
    machine = machines.Machine(
        name="m",
        qemu="q",
        machine="v",
        route="guest",
        payloads=({"image": "other.elf", "at": "0x88000000"},),
    )
    image = build / "release" / "tocsin.elf"
    line = " ".join(machine.command(image, "irq", work))
    assert f"-kernel {build}/tocsin-hv.elf -append irq -device loader,file={image} -device" in line
    moved = pathlib.Path(re.search(r"loader,file=(\S+) -no", line).group(1))
    assert moved.parent == work and moved.read_bytes() == elf64(0x88000000)
    (build / "other.elf").unlink()
    with pytest.raises(HarnessError, match="no other.elf"):
        machine.command(image, "", work)


def test_hub_ports(tmp_path):
    device = '{"driver":"rocker","ports":@ports}'
    machine = machines.Machine(name="m", qemu="q", machine="v", hub_ports=2, devices=(device,))
    line = " ".join(machine.command("i.elf", "", tmp_path))
    assert "-netdev hubport,id=port0,hubid=0 -netdev hubport,id=port1,hubid=0 -device" in line
    assert '"ports":["port0", "port1"]' in line


def test_qemu_log_drops_whole_lines_only(tmp_path):
    machine = machines.Machine(name="m", qemu_log=(r"known \d",))
    (tmp_path / "guest.log").write_text("known 1\nunknown 2\nknown 3 and more\n")
    assert qemu.read_guest_log(tmp_path, machine) == "unknown 2\nknown 3 and more\n"
    assert qemu.read_guest_log(tmp_path / "none", machine) == ""


def test_disk_content_is_random_and_repeats():
    disk = {"id": "d", "size": "64K"}
    content = machines.disk_content(disk)
    assert content == machines.disk_content(disk)
    assert len(set(content)) == 256
    assert content != machines.disk_content({"id": "e", "size": "64K"})
    assert machines.disk_content({"id": "d", "size": 512, "content": "zero"}) == bytes(512)


def test_every_machine_file_loads():
    for path in (machines.ROOT / "tests" / "machines").glob("*.toml"):
        known = machines.load(path.stem)
        for group in ("quick", "all"):
            assert machines.group(known, group)
        for machine in machines.group(known, "all"):
            assert machine.required, f"{machine.name} requires no test"


def test_the_bench_machines_are_there():
    assert machines.group(machines.load(), "bench")


def test_every_target_test_is_listed():
    """A new test that no set names would be free to stop running: list it."""
    entry = re.compile(r"^TEST(?:_BY_NAME)?\((\w+), (\w+)\)", re.MULTILINE)
    sources = (machines.ROOT / "tests" / "target").rglob("*.c")
    written = {".".join(m.groups()) for s in sources for m in entry.finditer(s.read_text())}
    listed = set()
    for path in (machines.ROOT / "tests" / "machines").glob("*.toml"):
        for names in tomllib.loads(path.read_text()).get("tests", {}).values():
            listed |= {name for name in names if not name.startswith("@")}
    assert sorted(written - listed) == [] and sorted(listed - written) == []


def test_group_or_name():
    known = parse({"a": {"groups": ["all"]}, "b": {"groups": ["all"]}, "c": {}})
    assert [m.name for m in machines.group(known, "all")] == ["a", "b"]
    assert [m.name for m in machines.group(known, "c")] == ["c"]
    with pytest.raises(HarnessError):
        machines.group(known, "none")


def test_repeated_devices():
    devices = ("edu", "2 * edu,bus=p@n,addr=@m", "18 * x,addr=@m")
    spelled = list(machines.each_device(devices))
    assert spelled[:3] == ["edu", "edu,bus=p0,addr=1", "edu,bus=p1,addr=2"]
    assert (spelled[-1], len(spelled)) == ("x,addr=12", 21)


def test_each_is_a_machine_a_word():
    known = parse({"cpu-@each": {"each": ["max", "rv64"], "cpu": "@each", "args": ["x=@each"]}})
    assert [(m.name, m.cpu, m.args) for m in known.values()] == [
        ("cpu-max", "max", ("x=max",)),
        ("cpu-rv64", "rv64", ("x=rv64",)),
    ]
