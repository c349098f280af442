# SPDX-License-Identifier: Apache-2.0
"""Boots a machine in QEMU: to its end in one go, at a person's terminal, or as a live console."""

import dataclasses
import os
import pathlib
import re
import select
import shlex
import signal
import subprocess
import sys
import tempfile
import termios
import time

from harness import HarnessError, machines, routes

OUTPUT_LIMIT = 32 * machines.MIB
EXIT_TIME = 20
PROMPT = b"tocsin> "
BATCH = ("-display", "none", "-monitor", "none", "-serial", "stdio")
# On a pty: Ctrl-C is a key like any other.
LIVE = (*BATCH[:4], "-chardev", "stdio,id=console,signal=off", "-serial", "chardev:console")


@dataclasses.dataclass
class Run:
    """What a machine did. status is QEMU's: negative, -N, when signal N ended it."""

    argv: list
    output: str = ""
    stderr: str = ""
    guest_log: str = ""
    status: int = 0
    timed_out: bool = False
    too_much: bool = False
    seconds: float = 0.0

    @property
    def signal(self):
        """The signal that ended QEMU, also behind a shell or timeout(1); 0: none did."""
        if self.status < 0:
            return -self.status
        return self.status - 128 if 128 < self.status < 160 else 0

    @property
    def lines(self):
        return self.output.splitlines()

    def text(self):
        """All of it, for a log file."""
        parts = [f"$ {shlex.join(self.argv)}", self.output.rstrip("\n")]
        parts.append(f"# status {self.status} after {self.seconds:.2f} s")
        for title, body in (("QEMU's stderr", self.stderr), ("QEMU's log", self.guest_log)):
            if body.strip():
                parts += [f"# {title}:", body.rstrip("\n")]
        return "\n".join(parts) + "\n"


def guest_log_args(work):
    """QEMU's log of what the guest did wrong."""
    return ["-D", f"{work}/guest.log", "-d", "guest_errors,unimp"]


def read_guest_log(work, machine):
    """What QEMU logged, but for lines that the machine's qemu_log knows as QEMU's own."""
    path = pathlib.Path(work) / "guest.log"
    logged = path.read_text(errors="replace") if path.exists() else ""
    known = [re.compile(pattern) for pattern in machine.qemu_log]
    return "".join(
        line
        for line in logged.splitlines(keepends=True)
        if not any(pattern.fullmatch(line.strip()) for pattern in known)
    )


def clean(raw):
    return raw.decode("utf-8", "replace").replace("\r", "")


def log_file(name, build=None):
    path = pathlib.Path(build or machines.build_dir()) / "logs" / f"{name}.log"
    path.parent.mkdir(parents=True, exist_ok=True)
    return path


def drain(process, deadline, typed=b""):
    """(bytes of stdout until QEMU ended, timed out, too much). typed goes in at the first prompt."""
    chunks, total = [], 0
    stdout = process.stdout.fileno()
    while True:
        left = deadline - time.monotonic()
        if left <= 0:
            return b"".join(chunks), True, False
        if not select.select([stdout], [], [], left)[0]:
            continue
        chunk = os.read(stdout, 65536)
        if not chunk:
            return b"".join(chunks), False, False
        chunks.append(chunk)
        total += len(chunk)
        if typed and PROMPT in b"".join(chunks):
            process.stdin.write(typed)
            process.stdin.flush()
            typed = b""
        if total > OUTPUT_LIMIT:
            return b"".join(chunks), False, True


def spawn(argv, **streams):
    try:
        return subprocess.Popen(argv, **streams)
    except FileNotFoundError as error:
        raise HarnessError(f"{argv[0]} is not installed") from error


def finish(process, patience):
    """The status of a QEMU that has closed its output; killed when it does not end."""
    try:
        return process.wait(patience)
    except subprocess.TimeoutExpired:
        process.kill()
        return process.wait()


def end(process):
    """However we got here, QEMU does not outlive us."""
    if process.poll() is None:
        process.kill()
        process.wait()
    for stream in (process.stdin, process.stdout):
        if stream:
            stream.close()


def firmware_died(machine, said):
    """Did the machine end before its image said a word, where firmware is known to do that?"""
    return bool(machine.entered) and machine.entered not in said


def boot(machine, commands, build=None, log=None, extra=(), timeout=None):
    """Boots with boot arguments, without a terminal, and waits for the end."""
    run = boot_once(machine, commands, build, log, extra, timeout)
    if run.status and not run.timed_out and firmware_died(machine, run.output):
        run = boot_once(machine, commands, build, log, extra, timeout)
    return run


def boot_once(machine, commands, build, log, extra, timeout):
    image = machines.image(machine, build)
    append, typed = machine.append(commands), b""
    if machine.route in routes.TYPED:
        append, typed = "", f"{append}\r".encode()
    with tempfile.TemporaryDirectory(prefix="tocsin-") as work:
        argv = machine.command(
            image, append, work, BATCH, [*guest_log_args(work), *extra]
        )
        run = Run(argv)
        start = time.monotonic()
        with open(f"{work}/stderr", "w+b") as stderr:
            process = spawn(
                argv,
                stdin=subprocess.PIPE if typed else subprocess.DEVNULL,
                stdout=subprocess.PIPE,
                stderr=stderr,
            )
            try:
                raw, run.timed_out, run.too_much = drain(
                    process, start + (timeout or machine.timeout), typed
                )
                run.status = finish(process, 0 if run.timed_out or run.too_much else EXIT_TIME)
            finally:
                end(process)
            stderr.seek(0)
            run.stderr = stderr.read().decode("utf-8", "replace")
        run.seconds = time.monotonic() - start
        run.output = clean(raw)
        run.guest_log = read_guest_log(work, machine)
    if log:
        log_file(log, build).write_text(run.text())
    return run


def run_here(machine, commands, build=None, extra=(), gdb=None, verbose=False):
    """Boots on this terminal and returns the exit status.

    With boot arguments and no terminal, stdin is not read. Without a terminal there is a time
    limit: nobody is there to end it.
    """
    image = machines.image(machine, build)
    terminal = sys.stdin.isatty()
    serial = ("-nographic", "-serial", "mon:stdio") if terminal else BATCH
    if gdb is not None:
        extra = [*extra, "-gdb", f"tcp:localhost:{gdb}", "-S"]
        print(f"waiting for gdb: target remote localhost:{gdb}", file=sys.stderr)
    with tempfile.TemporaryDirectory(prefix="tocsin-") as work:
        argv = machine.command(image, machine.append(commands), work, serial, extra)
        if verbose:
            print(shlex.join(argv), file=sys.stderr)
        stdin = None if terminal or not commands else subprocess.DEVNULL
        limit = None if terminal or gdb is not None else machine.timeout
        return wait_here(argv, stdin, limit, terminal)


def wait_here(argv, stdin, limit, terminal):
    saved = termios.tcgetattr(sys.stdin) if terminal else None
    on_interrupt = signal.signal(signal.SIGINT, signal.SIG_IGN) if terminal else None
    process = spawn(argv, stdin=stdin)
    try:
        status = process.wait(limit)
    except subprocess.TimeoutExpired:
        print(f"tocsin: did not end within {limit} s", file=sys.stderr)
        return 124
    finally:
        end(process)
        if terminal:
            termios.tcsetattr(sys.stdin, termios.TCSADRAIN, saved)
            signal.signal(signal.SIGINT, on_interrupt)
    return 128 - status if status < 0 else status
