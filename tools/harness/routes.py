# SPDX-License-Identifier: Apache-2.0
"""The ways an image gets into a machine's memory: the key `route` of a machine.

kernel          QEMU loads the ELF file where it says, the firmware (bios) enters it
elf@ADDRESS     the same, the ELF file loaded at ADDRESS
firmware        one file as firmware: OpenSBI's fw_jump, padded to 2 MiB, then the flat image
pflash          the flash image (make image); the firmware enters it in flash
uboot           U-Boot in S-mode, from a disk made by tools/mkimage on a virtio-blk
stub            pseries: QEMU loads the ELF file, stub.bin as firmware enters it
bios            pseries: the flat image is the firmware
guest           the hypervisor is entered; the image, and the machine's payloads, wait in memory
"""

import pathlib
import re
import struct
import subprocess

from harness import HarnessError

ROOT = pathlib.Path(__file__).resolve().parents[2]
FW_JUMP = "/usr/lib/riscv64-linux-gnu/opensbi/generic/fw_jump.bin"
# fw_jump enters S-mode here, from the start of RAM, where it lies itself.
FW_JUMP_NEXT = 2 << 20
HYPERVISOR = "tocsin-hv.elf"
U_BOOT = "/usr/lib/u-boot/qemu-riscv64_smode/u-boot.bin"
# Where an ELF-64 file and its program headers hold these.
E_PHOFF, E_PHENTSIZE, P_PADDR = 32, 54, 24
PT_LOAD = 1

IMAGES = {"firmware": "Image", "pflash": "pflash.img", "uboot": "Image", "bios": "Image"}
# On these nothing carries boot arguments: they are typed at the prompt.
TYPED = ("firmware", "pflash", "bios")


def load_at(elf, address):
    """An ELF file with its load addresses moved so that the lowest is address."""
    data = bytearray(elf)
    (first,) = struct.unpack_from("<Q", data, E_PHOFF)
    size, count = struct.unpack_from("<HH", data, E_PHENTSIZE)
    headers = [first + n * size for n in range(count)]
    places = [h + P_PADDR for h in headers if struct.unpack_from("<I", data, h)[0] == PT_LOAD]
    old = {place: struct.unpack_from("<Q", data, place)[0] for place in places}
    for place in places:
        struct.pack_into("<Q", data, place, old[place] - min(old.values()) + address)
    return bytes(data)


def kernel(machine, image_path, append, work):
    argv = ["-bios", machine.bios, "-kernel", str(image_path)]
    return argv + (["-append", append] if append else [])


def elf(machine, image_path, append, work):
    address = int(machine.route.removeprefix("elf@"), 0)
    moved = pathlib.Path(work) / "tocsin.elf"
    moved.write_bytes(load_at(pathlib.Path(image_path).read_bytes(), address))
    return kernel(machine, moved, append, work)


def firmware(machine, image_path, append, work):
    path = pathlib.Path(work) / "firmware.bin"
    first = installed(FW_JUMP).read_bytes().ljust(FW_JUMP_NEXT, b"\0")
    path.write_bytes(first + pathlib.Path(image_path).read_bytes())
    return ["-bios", str(path)]


def pflash(machine, image_path, append, work):
    drive = f"if=pflash,unit=0,format=raw,readonly=on,file={image_path}"
    return ["-bios", machine.bios, "-drive", drive]


def uboot(machine, image_path, append, work):
    disk = pathlib.Path(work) / "tocsin.img"
    subprocess.run([ROOT / "tools" / "mkimage", image_path, disk, append], check=True)
    argv = ["-bios", machine.bios, "-kernel", str(installed(U_BOOT))]
    argv += ["-drive", f"if=none,id=tocsin,format=raw,file={disk}"]
    return argv + ["-device", "virtio-blk-pci,drive=tocsin,addr=1e"]


def beside(image_path, name):
    """A file of the build that the folder of the image has, or the one above."""
    for folder in pathlib.Path(image_path).parents[:2]:
        if (folder / name).exists():
            return folder / name
    raise HarnessError(f"no {name} beside {image_path}: run make first")


def stub(machine, image_path, append, work):
    argv = ["-bios", str(beside(image_path, "stub.bin")), "-kernel", str(image_path)]
    return argv + (["-append", append] if append else [])


def bios(machine, image_path, append, work):
    return ["-bios", str(image_path)]


def guest(machine, image_path, append, work):
    argv = kernel(machine, beside(image_path, HYPERVISOR), append, work)
    argv += ["-device", f"loader,file={image_path}"]
    for payload in machine.payloads:
        path = pathlib.Path(work) / f"{payload['at']}.elf"
        source = beside(image_path, payload["image"]).read_bytes()
        path.write_bytes(load_at(source, int(payload["at"], 0)))
        argv += ["-device", f"loader,file={path}"]
    return argv


ROUTES = {
    "kernel": kernel,
    "firmware": firmware,
    "pflash": pflash,
    "uboot": uboot,
    "stub": stub,
    "bios": bios,
    "guest": guest,
}


def image(route):
    """The file of the build that a route starts from."""
    return IMAGES.get(route, "tocsin.elf")


def check(name, route):
    if route not in ROUTES and not re.fullmatch(r"elf@0x[0-9a-f]+", route):
        raise HarnessError(f"machine {name}: no route {route}")


def installed(path):
    if not pathlib.Path(path).exists():
        raise HarnessError(f"{path} is not installed")
    return pathlib.Path(path)


def argv(machine, image_path, append, work):
    """QEMU's arguments that load the image and give it its boot arguments."""
    if append and machine.route in TYPED:
        raise HarnessError(f"route {machine.route} carries no boot arguments: type {append!r}")
    load = ROUTES.get(machine.route, elf)
    return load(machine, image_path, append, work)
