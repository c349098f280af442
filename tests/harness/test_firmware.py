# SPDX-License-Identifier: Apache-2.0
"""Firmware that ends the machine before it enters the image: booted once more, and no oftener."""

import types

import pytest
from harness import console, machines, qemu

FIRMWARE = """
echo x >>{count}
if [ "$(wc -l <{count})" -le {deaths} ]; then echo firmware; exit 1; fi
echo 'tocsin on a machine'; printf 'tocsin> '; exec sleep {seconds}
"""


@pytest.fixture
def dying(tmp_path, monkeypatch):
    monkeypatch.setattr(machines, "image", lambda *_: "image")

    def make(deaths, entered="tocsin on ", seconds=0):
        count = tmp_path / "count"
        script = FIRMWARE.format(count=count, deaths=deaths, seconds=seconds)
        return types.SimpleNamespace(
            append=lambda _: "",
            command=lambda *_: ["sh", "-c", script],
            route="kernel",
            timeout=10,
            entered=entered,
            qemu_log=(),
            boots=lambda: len(count.read_text().splitlines()),
        )

    return make


@pytest.mark.parametrize(("deaths", "status", "boots"), [(0, 0, 1), (1, 0, 2), (2, 1, 2)])
def test_boot(dying, deaths, status, boots):
    it = dying(deaths)
    assert qemu.boot(it, "").status == status
    assert it.boots() == boots


def test_boot_where_firmware_is_sound(dying):
    it = dying(1, entered="")
    assert qemu.boot(it, "").status == 1
    assert it.boots() == 1


def test_console(dying):
    it = dying(1, seconds=5)
    with console.QemuConsole(it) as prompt:
        prompt.wait_prompt()
    assert it.boots() == 2


def test_console_gives_up(dying):
    it = dying(2, seconds=5)
    with console.QemuConsole(it) as prompt, pytest.raises(console.ConsoleError):
        prompt.wait_prompt()
    assert it.boots() == 2
