# SPDX-License-Identifier: Apache-2.0
"""The same tests against a board: a fake one at the far end of a pty pair."""

import os
import pty
import subprocess
import tty

import pytest
from places import FAKE
from harness import HarnessError, console
from test_cli import tocsin


@pytest.fixture
def board(fake, monkeypatch):
    """start(fault) gives the name of a serial port with a board that has booted."""
    started = []

    def start(fault=""):
        master, slave = pty.openpty()
        tty.setraw(master)
        tty.setraw(slave)
        environment = dict(os.environ, FAKE_FAULT=fault)
        process = subprocess.Popen([FAKE], stdin=master, stdout=master, env=environment)
        started.append((process, master, slave))
        return os.ttyname(slave)

    yield start
    for process, master, slave in started:
        process.kill()
        process.wait()
        os.close(master)
        os.close(slave)


def test_board_passes(board):
    done = tocsin("test", "board", "imsic", "--serial", board())
    assert done.returncode == 0, done.stdout + done.stderr
    assert "board: passed: 2 passed" in done.stdout


@pytest.mark.parametrize("fault, complaint", [("fail", "not ok"), ("short-plan", "is short")])
def test_board_fails(board, fault, complaint):
    done = tocsin("test", "board", "imsic", "edu", "--serial", board(fault))
    assert done.returncode == 1 and complaint in done.stdout


def test_board_bench(board):
    done = tocsin("bench", "bench", "--serial", board())
    assert done.returncode == 0, done.stderr
    assert "msi.to_handler" in done.stdout and "Linux" in done.stdout


def test_half_a_line_is_not_run(board):
    """What somebody left at the prompt is wiped, not run together with ours."""
    with console.SerialConsole(board(), 115200, timeout=20) as port:
        port.provoke_prompt()
        port.type("poweroff")
        port.provoke_prompt()
        assert port.command("help irq") == "help irq\n"


def test_commands_in_a_row(board):
    with console.SerialConsole(board(), 9600, timeout=20) as port:
        port.provoke_prompt()
        for n in range(20):
            assert port.command(f"help {n}") == f"help {n}\n"
        assert port.command("") == ""


def test_panic_on_a_board(board):
    with console.SerialConsole(board("panic"), 115200, timeout=5) as port:
        port.provoke_prompt()
        with pytest.raises(HarnessError, match="panic: assertion failed"):
            port.command("test")


def test_a_silent_board(fake):
    master, slave = pty.openpty()
    with console.SerialConsole(os.ttyname(slave), 115200, timeout=2) as port:
        with pytest.raises(HarnessError, match="timeout"):
            port.provoke_prompt()
    os.close(master)
    os.close(slave)
