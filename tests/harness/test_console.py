# SPDX-License-Identifier: Apache-2.0
"""The live console, with the fake image in QEMU's place."""

import pytest
from harness import HarnessError, console, qemu


def test_commands(fake):
    with console.QemuConsole(fake, log="fake/console") as prompt:
        prompt.wait_prompt()
        assert prompt.command("help irq") == "help irq\n"
        assert prompt.command("help lspx\x7fci") == "help lspci\n"
        assert prompt.command("nonsense") == "error: no command nonsense\n"
        assert "hart3" in prompt.command("irq")
        prompt.type("poweroff 7\r")
        assert prompt.wait_end()[0] == 7
    assert "tocsin> " in qemu.log_file("fake/console").read_text()


def test_boot_arguments_come_before_the_prompt(fake):
    with console.QemuConsole(fake, "help first") as prompt:
        assert "help first" in prompt.wait_prompt()


@pytest.mark.parametrize(
    "fault, complaint", [("panic", "panic: assertion failed"), ("hang", "timeout")]
)
def test_a_broken_console(fake, monkeypatch, fault, complaint):
    monkeypatch.setenv("FAKE_FAULT", fault)
    with console.QemuConsole(fake) as prompt:
        prompt.wait_prompt()
        with pytest.raises(HarnessError, match=complaint):
            prompt.command("test", timeout=3)


def test_death_by_signal(fake, monkeypatch):
    monkeypatch.setenv("FAKE_FAULT", "die")
    with console.QemuConsole(fake) as prompt:
        prompt.wait_prompt()
        prompt.type("test\r")
        assert prompt.wait_end()[0] == -6
