# SPDX-License-Identifier: Apache-2.0
"""The machines of tests/machines/<platform>.toml, and the QEMU command line of each."""

import dataclasses
import fnmatch
import json
import os
import pathlib
import random
import re
import tomllib

from harness import HarnessError, emulators, routes

ROOT = pathlib.Path(__file__).resolve().parents[2]
PLATFORM = "riscv-virt"
MIB = 1 << 20


def each_device(devices):
    """The devices with "N * text" spelled out."""
    for device in devices:
        repeat = re.fullmatch(r"(\d+) \* (.*)", device)
        for n in range(int(repeat.group(1)) if repeat else 0):
            yield repeat.group(2).replace("@n", f"{n:x}").replace("@m", f"{n + 1:x}")
        if not repeat:
            yield device


@dataclasses.dataclass(frozen=True)
class Machine:
    """One machine. The comment at the top of the TOML file says what each key means."""

    name: str
    platform: str = PLATFORM
    about: str = ""
    groups: tuple = ()
    qemu: str = ""
    machine: str = ""
    cpu: str = ""
    harts: int = 1
    absent: int = 0
    others: int = 0
    memory: str = "512M"
    bios: str = "default"
    route: str = "kernel"
    backend: str = "direct"
    nic: str = "none"
    hub_ports: int = 0
    devices: tuple = ()
    disks: tuple = ()
    payloads: tuple = ()
    args: tuple = ()
    settings: str = ""
    release: bool = False
    tests: str = ""
    required: tuple = ()
    expect: tuple = ()
    qemu_log: tuple = ()
    entered: str = ""
    bench: tuple = ()
    timeout: int = 120

    def append(self, commands):
        """The boot arguments: the machine's settings, then the commands."""
        return " ".join(part for part in (self.settings, commands) if part)

    def command(self, image, append, work, serial=(), extra=()):
        """QEMU's argv. work: a directory that lives as long as QEMU, for the disks."""
        argv = [*emulators.argv(self.qemu), "-M", self.machine]
        argv += ["-smp", str(self.harts), "-m", self.memory]
        if self.cpu:
            argv += ["-cpu", self.cpu]
        argv += [*routes.argv(self, image, append, work), "-no-reboot"]
        if self.nic:
            argv += ["-nic", self.nic]
        for disk in self.disks:
            path = make_disk(disk, work)
            argv += ["-drive", f"if=none,id={disk['id']},format=raw,file={path}"]
        ports = [f"port{n}" for n in range(self.hub_ports)]
        for port in ports:
            argv += ["-netdev", f"hubport,id={port},hubid=0"]
        for device in each_device(self.devices):
            argv += ["-device", device.replace("@ports", json.dumps(ports))]
        return argv + [*self.args, *serial, *extra]


def size_bytes(text):
    """Bytes of a size such as 512, "64K" or "8M"."""
    match = re.fullmatch(r"(\d+)([KMG]?)", str(text))
    if not match:
        raise HarnessError(f"not a size: {text}")
    return int(match.group(1)) << {"": 0, "K": 10, "M": 20, "G": 30}[match.group(2)]


def disk_content(disk):
    """The bytes of a disk: the same in every run, for the same name and size."""
    size = size_bytes(disk["size"])
    if disk.get("content", "random") == "zero":
        return bytes(size)
    return random.Random(f"{disk['id']}/{size}").randbytes(size)


def make_disk(disk, work):
    path = pathlib.Path(work) / f"{disk['id']}.img"
    path.write_bytes(disk_content(disk))
    return path


def machine_file(platform):
    return ROOT / "tests" / "machines" / f"{platform}.toml"


def load(platform=PLATFORM, path=None):
    """{name: Machine} of the platform, in the order of the file."""
    path = path or machine_file(platform)
    if not path.exists():
        raise HarnessError(f"no machines for platform {platform}: {path} does not exist")
    try:
        with open(path, "rb") as file:
            return parse(tomllib.load(file), platform)
    except (tomllib.TOMLDecodeError, HarnessError) as error:
        raise HarnessError(f"{path}: {error}") from error


def parse(document, platform):
    defaults = document.get("defaults", {})
    sets = document.get("tests", {})
    tables = spread(document.get("machine", {}))
    unknown = set(document) - {"defaults", "tests", "machine"}
    if unknown:
        raise HarnessError(f"unknown table: {', '.join(sorted(unknown))}")
    return {name: build(name, tables, defaults, sets, platform) for name in tables}


def spread(tables):
    """The tables, with one that has `each = [...]` replaced by one a word: @each is the word."""
    known = {}
    for name, table in tables.items():
        for word in table.get("each", [""]):
            own = json.dumps({key: value for key, value in table.items() if key != "each"})
            known[name.replace("@each", word)] = json.loads(own.replace("@each", word))
    return known


def build(name, tables, defaults, sets, platform):
    values = merged(name, tables, defaults, ())
    fields = {f.name for f in dataclasses.fields(Machine)} - {"name", "platform"}
    unknown = set(values) - fields
    if unknown:
        raise HarnessError(f"machine {name}: unknown key {', '.join(sorted(unknown))}")
    values["required"] = expand(name, values.get("required", ()), sets)
    for key, value in values.items():
        if isinstance(value, list):
            values[key] = tuple(value)
    if not values.get("qemu") or not values.get("machine"):
        raise HarnessError(f"machine {name}: needs qemu and machine")
    routes.check(name, values.get("route", "kernel"))
    return Machine(name=name, platform=platform, **values)


def merged(name, tables, defaults, above):
    """A machine's keys over those of the machine it is `like`, over the defaults.

    A key `more_X` adds to the list X instead of replacing it.
    """
    if name in above:
        raise HarnessError(f"machine {name}: like itself")
    if name not in tables:
        raise HarnessError(f"machine {above[-1]}: like {name}, which does not exist")
    own = dict(tables[name])
    parent = own.pop("like", None)
    values = merged(parent, tables, defaults, (*above, name)) if parent else dict(defaults)
    for key, value in own.items():
        if key.startswith("more_"):
            key = key.removeprefix("more_")
            value = [*values.get(key, ()), *value]
        values[key] = value
    return values


def expand(name, required, sets):
    """Test names, with each "@set" replaced by the names of that set."""
    names = []
    for word in required:
        if not word.startswith("@"):
            names.append(word)
        elif word[1:] in sets:
            names += expand(name, sets[word[1:]], sets)
        else:
            raise HarnessError(f"machine {name}: no set of tests {word}")
    return tuple(dict.fromkeys(names))


def find(name, platform=PLATFORM):
    machines = load(platform)
    if name not in machines:
        raise HarnessError(f"no machine {name}; there are: {', '.join(machines)}")
    return machines[name]


def group(machines, name):
    """The machines of a group, or the one of that name."""
    chosen = [m for m in machines.values() if name in m.groups or fnmatch.fnmatch(m.name, name)]
    if not chosen:
        raise HarnessError(f"no machine and no group of machines is called {name}")
    return chosen


def build_dir():
    """Where make put the images: BUILD, else build/ of the tree."""
    return pathlib.Path(os.environ.get("BUILD") or ROOT / "build").resolve()


def image(machine, build=None):
    """The image that a machine boots."""
    folder = pathlib.Path(build or build_dir()) / machine.platform
    path = (folder / "release" if machine.release else folder) / routes.image(machine.route)
    if not path.exists():
        raise HarnessError(f"no image {path}: run make first")
    return path


def flat_image(platform=PLATFORM, build=None):
    """The flat release image, as it is written to a disk."""
    return pathlib.Path(build or build_dir()) / platform / "Image"
