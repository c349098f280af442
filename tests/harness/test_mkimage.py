# SPDX-License-Identifier: Apache-2.0
"""The disk image: what is on it, and that it is the same whenever and wherever it is made."""

import os
import subprocess
import time

import pytest
from harness import machines

MKIMAGE = machines.ROOT / "tools" / "mkimage"
PARTITION = 2048 * 512


def make(folder, arguments, **environment):
    """A disk image, made with the umask and file times of this moment."""
    folder.mkdir()
    (folder / "flat").write_bytes(bytes(range(256)) * 1024)
    argv = [MKIMAGE, folder / "flat", folder / "disk", arguments]
    subprocess.run(argv, check=True, cwd=folder, env=dict(os.environ, **environment))
    return folder / "disk"


def read(disk, name):
    return subprocess.run(
        ["mtype", "-i", f"{disk}@@{PARTITION}", f"::{name}"], check=True, capture_output=True
    ).stdout


def test_content(tmp_path):
    disk = make(tmp_path / "one", "irq; poweroff")
    assert read(disk, "/Image") == bytes(range(256)) * 1024
    conf = read(disk, "/extlinux/extlinux.conf").decode()
    assert "\n  kernel /Image\n  append irq; poweroff\n" in conf


def test_no_arguments_no_append_line(tmp_path):
    assert b"append" not in read(make(tmp_path / "one", ""), "/extlinux/extlinux.conf")


def test_it_repeats(tmp_path):
    first = make(tmp_path / "one", "lspci").read_bytes()
    time.sleep(2.1)  # FAT counts in steps of 2 s
    again = make(tmp_path / "two", "lspci", TZ="Asia/Tokyo", LC_ALL="C.UTF-8", HOME=str(tmp_path))
    assert again.read_bytes() == first


def test_partition_table(tmp_path):
    """Two good GPTs with one EFI system partition that boot loaders look at first."""
    disk = make(tmp_path / "one", "")
    path = f"{os.environ['PATH']}:/usr/sbin:/sbin"
    said = subprocess.run(
        ["sfdisk", "--verify", disk], check=True, capture_output=True, text=True,
        env=dict(os.environ, PATH=path),
    )  # fmt: skip
    assert "No errors detected" in said.stdout and said.stderr == ""
    data = disk.read_bytes()
    assert data[512:520] == data[-512:-504] == b"EFI PART"
    entry = data[1024:1152]
    assert entry[48] == 4 and int.from_bytes(entry[32:40], "little") * 512 == PARTITION


def test_two_lines_are_refused(tmp_path):
    with pytest.raises(subprocess.CalledProcessError):
        make(tmp_path / "one", "lspci\nirq")
