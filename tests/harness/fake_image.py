#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""Plays Tocsin's console on stdin and stdout, for tests of the harness itself.

It takes QEMU's arguments, so that it stands in for QEMU and for a board. FAKE_FAULT names one
way of being broken.
"""

import os
import sys
import time
import tty

FAULT = os.environ.get("FAKE_FAULT", "")
SUITES = {"imsic": ["highest_identity", "disabled_identity"], "edu": ["factorial"]}


def option(name, default=""):
    return sys.argv[sys.argv.index(name) + 1] if name in sys.argv else default


HARTS = int(option("-smp", "4"))


class Image:
    """The console. failed: a command failed since boot."""

    def __init__(self):
        self.failed = False
        self.raised = [0] * HARTS

    def say(self, text=""):
        sys.stdout.buffer.write((text + "\r\n").encode())
        sys.stdout.buffer.flush()

    def error(self, text):
        self.say(f"error: {text}")
        self.failed = True

    def boot(self):
        if FAULT == "silence":
            self.end(0)
        self.say("Tocsin boots")
        if FAULT != "no-boot-line":
            harts = HARTS - 1 if FAULT == "hart-missing" else HARTS
            self.say('{"type":"boot","harts":%d,"vectors":12,"backend":"direct"}' % harts)
        if FAULT == "bad-json":
            self.say('{"type":"facts",')
        if FAULT == "guest-error" and option("-D"):
            with open(option("-D"), "w") as log:
                log.write("invalid write at 0x28000004\n")

    def end(self, status):
        sys.stdout.buffer.flush()
        os._exit(status)

    def test(self, patterns):
        suites = {s: t for s, t in SUITES.items() if not patterns or s in patterns}
        if not suites:
            self.error("no test matches")
        self.say("KTAP version 1")
        self.say(f"1..{len(suites)}")
        for number, (suite, tests) in enumerate(suites.items(), 1):
            self.suite(number, suite, tests)
            if FAULT == "short-plan":
                return

    def suite(self, number, suite, tests):
        if FAULT == "test-gone":
            tests = tests[:1]
        self.say("  KTAP version 1")
        self.say(f"  # Subtest: {suite}")
        self.say(f"  1..{len(tests)}")
        for n, name in enumerate(tests, 1):
            if FAULT == "panic":
                self.say("panic: assertion failed")
                self.end(1)
            if FAULT == "die":
                os.abort()
            if FAULT == "hang":
                time.sleep(600)
            skip = " # SKIP no device" if FAULT == "skip" else ""
            if FAULT == "fail":
                self.say("  # got 1, not 2")
                self.failed = True
            self.say(f"  {'not ' if FAULT == 'fail' else ''}ok {n} {name}{skip}")
        self.say(f"{'not ' if FAULT == 'fail' else ''}ok {number} {suite}")

    def irq(self):
        harts = " ".join(f"hart{n}" for n in range(HARTS))
        self.say(f"irq  {harts}  chip backend function name")
        counts = " ".join(str(n) for n in self.raised)
        self.say(f"  1  {counts}  imsic direct 00:01.0[0] edu")
        self.say("spurious 0, late 0")

    def bench(self):
        last = os.getpid() if FAULT == "drift" else 41
        line = '{"type":"bench","name":"%s","unit":"instructions","n":2,"p50":40,"max":%d}'
        self.say(line % ("msi.to_handler", last))
        self.say(line % ("nvme.read_qd1", os.getpid()))

    def command(self, line):
        words = line.split()
        if not words:
            return
        name, args = words[0], words[1:]
        if name == "test":
            self.test(args)
        elif name == "irq":
            self.irq()
        elif name == "bench":
            self.bench()
        elif name == "help":
            self.say(f"help {' '.join(args)}")
        elif name == "raise":
            self.raised[0] += int(args[2])
            self.say(f"{args[0]}[{args[1]}] raised={args[2]} handled={args[2]}")
        elif name == "poweroff":
            self.end(int(args[0]) if args else int(self.failed))
        else:
            self.error(f"no command {name}")

    def read_line(self):
        """A line with echo and enough editing for the tests."""
        line = ""
        sys.stdout.buffer.write(b"tocsin> ")
        sys.stdout.buffer.flush()
        while True:
            key = os.read(0, 1).decode("latin-1")
            if not key:
                self.end(0)
            if key in "\r\n":
                self.say()
                return line
            if key == "\x15":
                line = ""
            elif key in "\x7f\b":
                line = line[:-1]
            else:
                line += key
            sys.stdout.buffer.write(f"\r\x1b[Ktocsin> {line}".encode())
            sys.stdout.buffer.flush()


def main():
    if os.isatty(0):
        tty.setraw(0)
    image = Image()
    image.boot()
    for command in option("-append").split(";"):
        while "=" in command.split(" ")[0]:
            command = command.partition(" ")[2]
        image.command(command)
    while True:
        for command in image.read_line().split(";"):
            image.command(command)


main()
