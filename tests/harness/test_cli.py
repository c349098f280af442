# SPDX-License-Identifier: Apache-2.0
"""tools/tocsin as a person calls it, with the fake image in QEMU's place."""

import os
import pty
import subprocess
import time

import pytest
from places import FAKE, TREE

TOCSIN = str(TREE / "tools" / "tocsin")


def tocsin(*words, fault="", stdin=subprocess.DEVNULL, **options):
    environment = dict(os.environ, FAKE_FAULT=fault)
    return subprocess.run(
        [TOCSIN, *words],
        stdin=stdin,
        capture_output=True,
        text=True,
        timeout=60,
        env=environment,
        **options,
    )


def on_fake(command, *words, **options):
    return tocsin(command, "virt", "--qemu", str(FAKE), *words, **options)


def test_list():
    names = [line.split()[0] for line in tocsin("list").stdout.splitlines()]
    assert names[0] == "virt" and {"virt-1", "virt-2", "virt-4", "bench"} <= set(names)


def test_run_passes_boot_arguments_and_status(fake):
    done = on_fake("run", "--cmd", "irq; poweroff 7", "-v")
    assert done.returncode == 7 and "hart3" in done.stdout
    assert "-append" in done.stderr and "-monitor none" in done.stderr


def test_run_reads_a_pipe_without_boot_arguments(fake):
    done = subprocess.run(
        [TOCSIN, "run", "virt", "--qemu", str(FAKE)], input="poweroff 5\r", text=True, timeout=60
    )
    assert done.returncode == 5


def test_run_on_a_terminal(fake):
    master, slave = pty.openpty()
    process = subprocess.Popen(
        [TOCSIN, "run", "virt", "-v", "--qemu", str(FAKE)],
        stdin=slave,
        stdout=slave,
        stderr=subprocess.PIPE,
        text=True,
    )
    said = b""
    while not said.endswith(b"tocsin> "):
        said += os.read(master, 4096)
    os.write(master, b"poweroff 3\r")
    assert "mon:stdio" in process.communicate(timeout=60)[1]
    assert process.returncode == 3
    os.close(master)
    os.close(slave)


def test_run_gdb(fake):
    done = on_fake("run", "--cmd", "poweroff", "--gdb", "5555", "-v")
    assert "target remote localhost:5555" in done.stderr
    assert "-gdb tcp:localhost:5555 -S" in done.stderr


def test_run_tells_of_a_killed_hypervisor(fake):
    assert on_fake("run", "--cmd", "test; poweroff", fault="die").returncode == 128 + 6


def test_test_of_one_suite(fake):
    done = on_fake("test", "imsic")
    assert done.returncode == 0 and "virt: passed: 2 passed, 0 failed, 0 skipped" in done.stdout


def test_test_fails(fake):
    done = on_fake("test", "imsic", fault="fail")
    assert done.returncode == 1 and "virt: not ok: imsic.highest_identity" in done.stdout


def test_bench(fake):
    build = os.environ["BUILD"] + "/riscv-virt"
    os.symlink(build, build + "/release")
    done = tocsin("bench", "bench", "--qemu", str(FAKE), "--twice")
    assert done.returncode == 0, done.stderr
    assert done.stdout.startswith('{"type":"boot"') and "msi.to_handler" in done.stdout
    assert "pass" in done.stdout and "Linux" in done.stdout
    drifted = tocsin("bench", "bench", "--qemu", str(FAKE), "--twice", fault="drift")
    assert drifted.returncode == 1 and "does not repeat" in drifted.stderr


@pytest.mark.parametrize(
    "words, complaint",
    [
        (["test", "nosuch"], "no machine nosuch"),
        (["list", "--platform", "nosuch"], "no machines for platform nosuch"),
        (["test", "virt", "--build-dir", "/nonexistent"], "run make first"),
        (["test", "virt", "--qemu", "/nonexistent/qemu"], "is not installed"),
        (["test", "board", "--serial", "/nonexistent/tty"], "/nonexistent/tty"),
    ],
)
def test_mistakes_are_one_line(fake, words, complaint):
    done = tocsin(*words)
    assert done.returncode == 1 and complaint in done.stderr
    assert done.stderr.startswith("tocsin: ") and done.stderr.count("\n") == 1


def test_check_fails_when_nothing_runs(fake):
    done = tocsin("check", "--", "-k", "no_such_test_anywhere")
    assert done.returncode == 1 and "nothing was run" in done.stdout


def test_check_reports_a_failed_test(fake, tmp_path):
    broken = tmp_path / "test_broken.py"
    broken.write_text("def test_good(): pass\n\n\ndef test_bad(): assert 0, 'why it failed'\n")
    pytest_words = ["-c", "/dev/null", "--confcutdir", str(TREE), "-p", "conftest", str(broken)]
    done = tocsin("check", "--jobs", "1", "--", *pytest_words, cwd=TREE / "tests" / "harness")
    assert done.returncode == 1, done.stdout
    assert "why it failed" in done.stdout and "check FAILED" in done.stdout


def test_no_hypervisor_is_left_behind(fake):
    """SIGTERM, as timeout(1) sends it, ends QEMU too."""
    environment = dict(os.environ, FAKE_FAULT="hang")
    words = [TOCSIN, "test", "virt", "--qemu", str(FAKE)]
    process = subprocess.Popen(words, env=environment, stdout=subprocess.PIPE)
    children = f"/proc/{process.pid}/task/{process.pid}/children"
    child = wait_for(lambda: open(children).read().split())[0]
    process.terminate()
    assert process.wait(30) == 128 + 15
    process.stdout.close()
    assert not os.path.exists(f"/proc/{child}")


def wait_for(question, seconds=30):
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        answer = question()
        if answer:
            return answer
        time.sleep(0.05)
    raise AssertionError("waited in vain")
