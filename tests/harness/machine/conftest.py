# SPDX-License-Identifier: Apache-2.0
"""Fixtures of the tests that boot machines."""

import contextlib
import re

import pytest
from harness import console, lines, qemu, verdict


def log_name(request, machine):
    name = re.sub(r"[^\w.-]+", "-", request.node.name)
    return f"{machine.name}/{request.node.module.__name__}-{name}"


@pytest.fixture
def boot(request, machine):
    """boot(commands, status): boots to the end, checks all but KTAP, returns the run."""

    def boot_machine(commands, status=0):
        run = qemu.boot(machine, commands, log=log_name(request, machine))
        assert verdict.booted(machine, run, status) == [], run.text()
        return run

    return boot_machine


@contextlib.contextmanager
def live(machine, log):
    """A console at its prompt; QEMU's log must be empty at the end."""
    with console.QemuConsole(machine, log=log) as prompt:
        prompt.wait_prompt()
        yield prompt
        assert prompt.guest_log() == ""


@pytest.fixture
def prompt(request, machine):
    with live(machine, log_name(request, machine)) as console_:
        yield console_


@pytest.fixture(scope="module")
def shared_prompt(request, machine):
    """For tests that leave nothing behind: one boot a file."""
    with live(machine, f"{machine.name}/{request.module.__name__}") as console_:
        yield console_


@pytest.fixture
def find(prompt):
    """find(ids): the function of that vendor and device."""

    def find_function(ids):
        found = lines.lspci_ids(prompt.command("lspci -n"))
        places = [bdf for bdf, known in found.items() if known == ids]
        assert len(places) == 1, f"{ids} is not there once: {found}"
        return places[0]

    return find_function
