# SPDX-License-Identifier: Apache-2.0
"""A live console: types commands at the prompt and reads what they print.

The same class speaks to QEMU, to a serial port and to a pty.
"""

import re
import tempfile

import pexpect
import pexpect.fdpexpect

from harness import HarnessError, machines, qemu, qmp

PROMPT = "tocsin> "
CONTROL = r"(?:\x1b\[[0-9;?]*[A-Za-z]|\r|\x07)*"
AT_PROMPT = re.compile(rf"(?:\A|\n){CONTROL}{PROMPT}")
AT_PANIC = re.compile(rf"(?:\A|\n){CONTROL}panic: ")
PIECE = 64


class ConsoleError(HarnessError):
    """The console did not do what was waited for; carries the tail of what it said."""


class Console:
    """Wraps a pexpect child. timeout: seconds for a command, unless it says otherwise."""

    def __init__(self, child, timeout=60):
        self.child = child
        self.timeout = timeout

    def wait(self, pattern, timeout=None):
        """Reads up to the pattern; returns what came before it."""
        try:
            self.child.expect(pattern, timeout or self.timeout)
        except pexpect.TIMEOUT:
            raise ConsoleError(self.complaint("timeout", pattern)) from None
        except pexpect.EOF:
            raise ConsoleError(self.complaint("the console ended", pattern)) from None
        return self.child.before

    def complaint(self, what, pattern):
        said = self.child.before if isinstance(self.child.before, str) else ""
        tail = "\n".join(said.replace("\r", "").splitlines()[-20:])
        wanted = "the prompt" if isinstance(pattern, list) else repr(pattern)
        return f"{what}, waiting for {wanted}; the console said:\n{tail}"

    def type(self, keys):
        for at in range(0, len(keys), PIECE):
            self.child.send(keys[at : at + PIECE])

    def wait_prompt(self, timeout=None):
        """What came before the next prompt. A panic instead of it is an error at once."""
        said = self.wait([AT_PROMPT, AT_PANIC], timeout)
        if self.child.match.re is AT_PANIC:
            rest = self.settle()
            raise ConsoleError(text_of(f"{said}\npanic: {rest}"))
        return text_of(said)

    def provoke_prompt(self, tries=10):
        """Gets a prompt out of a console in any state: an old line is wiped, not run."""
        for _ in range(tries):
            self.type("\x15\r")
            try:
                self.wait_prompt(self.timeout / tries)
                break
            except ConsoleError as error:
                complaint = error
        else:
            raise complaint
        self.settle()

    def settle(self):
        """Takes what is still coming, such as a second prompt."""
        said = ""
        try:
            while True:
                self.child.expect(r"[\s\S]+", 0.3)
                said += self.child.match.group()
        except (pexpect.TIMEOUT, pexpect.EOF):
            return said

    def command(self, line, timeout=None):
        """Types a line (keys that edit it may be among it) and returns what it printed."""
        self.type(line + "\r")
        self.wait("\n", timeout)
        return self.wait_prompt(timeout)


def text_of(raw):
    return re.sub(r"\x1b\[[0-9;?]*[A-Za-z]|\r", "", raw) + ("\n" if raw else "")


class QemuConsole(Console):
    """A machine in QEMU with its prompt, and QEMU's monitor by QMP. A context manager."""

    def __init__(self, machine, commands="", build=None, log=None, extra=()):
        self.machine = machine
        self.work = tempfile.TemporaryDirectory(prefix="tocsin-")
        monitor = f"{self.work.name}/qmp"
        argv = machine.command(
            machines.image(machine, build),
            machine.append(commands),
            self.work.name,
            qemu.LIVE,
            [
                *qemu.guest_log_args(self.work.name),
                "-qmp",
                f"unix:{monitor},server=on,wait=off",
                *extra,
            ],
        )
        self.argv = argv
        self.log = open(qemu.log_file(log, build), "w") if log else None
        self.monitor_path = monitor
        self.entered = False
        super().__init__(self.spawn(), machine.timeout)

    def spawn(self):
        child = pexpect.spawn(
            self.argv[0],
            self.argv[1:],
            encoding="utf-8",
            codec_errors="replace",
            maxread=65536,
            echo=False,
        )
        child.delaybeforesend = None
        child.logfile_read = self.log
        return child

    def wait_prompt(self, timeout=None):
        """The first one may take a second boot (qemu.firmware_died)."""
        try:
            said = super().wait_prompt(timeout)
        except ConsoleError:
            before = self.child.before if isinstance(self.child.before, str) else ""
            again = not self.entered and not self.child.isalive()
            if not again or not qemu.firmware_died(self.machine, before):
                raise
            self.child.close()
            self.child = self.spawn()
            said = super().wait_prompt(timeout)
        self.entered = True
        return said

    def monitor(self, line):
        """A human monitor command."""
        return qmp.human_command(self.monitor_path, line)

    def guest_log(self):
        return qemu.read_guest_log(self.work.name, self.machine)

    def wait_end(self, timeout=None):
        """The exit status after a poweroff (negative: signal), and what was still said."""
        self.child.expect(pexpect.EOF, timeout or self.timeout)
        said = text_of(self.child.before)
        self.child.close()
        signal = self.child.signalstatus
        return (-signal if signal else self.child.exitstatus), said

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.child.close(force=True)
        if self.log:
            self.log.close()
        self.work.cleanup()


class SerialConsole(Console):
    """A board on a serial port. A context manager."""

    def __init__(self, port, baud, timeout=60):
        import serial

        try:
            self.port = serial.Serial(port, baud, timeout=0)
        except (serial.SerialException, ValueError) as error:
            raise HarnessError(f"{port}: {error}") from error
        child = pexpect.fdpexpect.fdspawn(
            self.port.fileno(), encoding="utf-8", codec_errors="replace", maxread=65536
        )
        child.delaybeforesend = None
        super().__init__(child, timeout)

    def type(self, keys):
        for at in range(0, len(keys), PIECE):
            self.port.write(keys[at : at + PIECE].encode())
            self.port.flush()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.port.close()
