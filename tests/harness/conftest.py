# SPDX-License-Identifier: Apache-2.0
"""Fixtures of the harness's own tests (here) and of the tests that boot machines (machine/)."""

import sys

import pytest
from places import FAKE, TREE

sys.path.insert(0, str(TREE / "tools"))

from harness import Unavailable, emulators, end_on_sigterm, machines  # noqa: E402


def pytest_addoption(parser):
    parser.addoption("--group", default="all", help="the group of machines, or one machine")
    parser.addoption("--platform", default=machines.PLATFORM)
    parser.addoption("--shard", default="0/1", help="I/N: the I-th of N parts of the tests")


def pytest_configure(config):
    end_on_sigterm()
    config.addinivalue_line("markers", "machines(NAME...): the only machines that a test boots")


def pytest_generate_tests(metafunc):
    """A test that takes `machine` runs on each of its marked machines, else on all of the group."""
    if "machine" not in metafunc.fixturenames:
        return
    known = machines.load(metafunc.config.getoption("platform"))
    marker = metafunc.definition.get_closest_marker("machines")
    if marker:
        chosen = [known[name] for name in marker.args if name in known]
    else:
        chosen = machines.group(known, metafunc.config.getoption("group"))
    metafunc.parametrize("machine", chosen, ids=lambda m: m.name, scope="module")


def has_machine(item):
    """False for a test whose marked machines are another platform's."""
    marker = item.get_closest_marker("machines")
    known = machines.load(item.config.getoption("platform"))
    return not marker or any(name in known for name in marker.args)


def pytest_collection_modifyitems(config, items):
    """Keeps this shard's part; tests of one file and machine stay together, they share boots."""
    items[:] = [item for item in items if has_machine(item)]
    index, count = (int(n) for n in config.getoption("shard").split("/"))
    loads, homes = [0] * count, {}
    for item in items:
        machine = getattr(item, "callspec", None) and item.callspec.params.get("machine")
        key = (item.module.__name__, machine.name if machine else "")
        if key not in homes:
            homes[key] = loads.index(min(loads))
        loads[homes[key]] += 1
        item.user_properties.append(("shard", homes[key]))
    items[:] = [item for item in items if ("shard", index) in item.user_properties]


def pytest_runtest_setup(item):
    """A machine that this computer can't have is skipped, with the reason."""
    machine = getattr(item, "callspec", None) and item.callspec.params.get("machine")
    if machine:
        try:
            emulators.argv(machine.qemu)
        except Unavailable as reason:
            pytest.skip(str(reason))


@pytest.fixture
def fake(tmp_path, monkeypatch):
    """A machine whose QEMU is the fake image; fake.fault("...") breaks it."""
    image = tmp_path / "build" / "riscv-virt" / "tocsin.elf"
    image.parent.mkdir(parents=True)
    image.write_bytes(b"")
    monkeypatch.setenv("BUILD", str(tmp_path / "build"))
    monkeypatch.delenv("FAKE_FAULT", raising=False)
    return machines.Machine(
        name="fake",
        qemu=str(FAKE),
        machine="virt",
        harts=4,
        required=("imsic.highest_identity", "imsic.disabled_identity", "edu.factorial"),
        timeout=20,
    )
