# SPDX-License-Identifier: Apache-2.0
"""The prompt: line editing, history, and input that makes no sense."""

import re

import pytest
from devices import EDU, IGB, NVME
from harness import lines

A, B, C, D, E, F, K, N, P, U, W = (chr(ord(c) - 64) for c in "ABCDEFKNPUW")
UP, DOWN, RIGHT, LEFT = ("\x1b[" + c for c in "ABCD")
HOME, END, DELETE = "\x1b[H", "\x1b[F", "\x1b[3~"

EDITED = {
    "backspace": "help lspcix\x7f",
    "backspace-BS": "help lspcixy\b\b",
    "backspace-inside": f"help lsxpci{LEFT}{LEFT}{LEFT}\x7f",
    "backspace-at-the-start": f"{HOME}\x7f\x7fhelp lspci",
    "home-end": f"lspc{A}help {E}i",
    "home-end-keys": f"lspc{HOME}help {END}i",
    "left-right": f"hlp lpci{LEFT * 3}s{LEFT * 5}{RIGHT}{LEFT}e",
    "ctrl-b-f": f"hlp lspci{B * 8}e{F * 20}",
    "kill-line": f"rubbish here{U}help lspci",
    "kill-to-end": f"help lspciRUBBISH{B * 7}{K}",
    "kill-word": f"help lspci rubbish{W}",
    "kill-two-words": f"help some rubbish{W}{W}lspci",
    "delete-forward": f"XYhelp lspci{A}{D}{D}",
    "delete-key": f"XYhelp lspci{HOME}{DELETE}{DELETE}",
    "history-up": f"{UP}{UP}",
    "history-ctrl-p": f"{P}{P}",
    "history-up-down": f"{UP}{UP}{UP}{DOWN}",
    "history-ctrl-p-n": f"{P}{P}{P}{N}",
    "history-edited": f"{UP}{W}lspci",
    "history-left-again": f"{UP}{DOWN}help lspci",
    "unknown-escapes": "\x1b[5~\x1b[99~\x1bOQhelp lspci",
    "spaces": "   help    lspci   ",
    "semicolons": ";; help lspci ;;",
}


@pytest.mark.machines("virt-1", "virt-4", "xics-1")
@pytest.mark.parametrize("keys", EDITED.values(), ids=EDITED.keys())
def test_editing(shared_prompt, keys):
    """Each way of typing it runs `help lspci`. Before it, that and `help irq` were typed."""
    shared_prompt.provoke_prompt()
    shared_prompt.command("help msi")
    wanted = shared_prompt.command("help lspci")
    assert wanted.startswith("lspci")
    assert shared_prompt.command("help irq") != wanted
    assert shared_prompt.command(keys) == wanted


@pytest.mark.machines("virt-1", "xics-1")
def test_long_line(shared_prompt):
    """A line that is too long is refused with a bell, not run in part; the rest still works."""
    shared_prompt.provoke_prompt()
    for n in range(1000):
        letter = chr(ord("a") + n % 26)
        shared_prompt.type(letter * 100)
        if "\x07" in shared_prompt.wait(f"{letter * 30}|\x07") + shared_prompt.child.after:
            break
    else:
        pytest.fail("100,000 bytes were taken as one line")
    shared_prompt.provoke_prompt()
    assert shared_prompt.command("help irq").startswith("irq")


@pytest.mark.machines("virt-1", "virt-4", "xics-1")
def test_paste(shared_prompt):
    """Lines that come faster than they run are all run: what does not fit waits in the device."""
    shared_prompt.provoke_prompt()
    shared_prompt.type("help irq\r" * 400 + "help reboot\r")
    said = shared_prompt.wait(r"\nreboot +\w")
    assert len(re.findall(r"\nirq +\w", said)) == 400
    shared_prompt.provoke_prompt()


@pytest.mark.machines("virt-1", "virt-4", "xics-1")
def test_every_byte(shared_prompt):
    """No byte and no half of an escape sequence brings the line editor down."""
    shared_prompt.provoke_prompt()
    for first in range(1, 256, 16):
        keys = "".join(chr(n) for n in range(first, min(first + 16, 256)) if n not in (10, 13))
        shared_prompt.type(keys)
        shared_prompt.provoke_prompt()
    assert shared_prompt.command("help irq").startswith("irq")


@pytest.mark.machines("virt-1", "virt-4", "xics-1")
def test_every_command_has_help(shared_prompt):
    shared_prompt.provoke_prompt()
    names = [line.split()[0] for line in shared_prompt.command("help").splitlines()]
    promised = "help lspci irq msi affinity hart raise nvme test bench log reboot poweroff".split()
    assert set(promised) <= set(names)
    for name in names:
        assert shared_prompt.command(f"help {name}").startswith(name)


@pytest.mark.machines("virt-1", "virt-4", "xics-1")
def test_lines_are_under_100_columns(shared_prompt):
    shared_prompt.provoke_prompt()
    for command in ("help", "irq", "hart", "msi", "lspci", "log"):
        wide = [l for l in shared_prompt.command(command).splitlines() if len(l) >= 100]
        assert wide == [], command


@pytest.mark.machines("virt-1", "virt-4", "xics-1")
def test_a_command_in_a_row(prompt):
    for _ in range(50):
        assert len(lines.irq_table(prompt.command("irq"))) > 1


@pytest.mark.machines("virt-1", "virt-4")
def test_poweroff_from_the_prompt(prompt):
    assert lines.error_lines(prompt.command("nosuchcommand"))
    prompt.type("poweroff 5\r")
    assert prompt.wait_end()[0] == 5


@pytest.mark.machines("virt-1", "xics-1")
def test_reboot(prompt):
    """With -no-reboot, a reset ends QEMU with status 0."""
    prompt.type("reboot\r")
    assert prompt.wait_end()[0] == 0


def bad_inputs(edu, igb, nvme):
    yield from ("nosuchcommand", "LSPCI", "help nosuch", "poweroff x", "poweroff -1")
    yield "poweroff 1 2"
    yield from ("poweroff 99999999999999999999", "lspci -q", "lspci -s", "lspci -s zz", "irq x")
    yield from ("msi zz", "msi ff:1f.7", "msi 00:00.8", "msi 00:00.0x", "log nine", "log 99")
    yield from ("affinity", "affinity 1", "affinity 999999 0", "affinity x 0", "affinity -1 0")
    yield from ("hart 999 off", "hart x on", "hart 0 maybe", "hart 0", "hart -1 off")
    yield from ("hart 0 off on", "raise", "raise zz", "raise ff:1f.7", "raise 00:00.0")
    yield from (f"raise {edu} 1", f"raise {edu} -1")
    yield from (f"raise {edu} x", f"raise {edu} 0 x", f"raise {edu} 0 -1", f"raise {edu} 0 1 1")
    yield from (f"raise {edu} 0 99999999999999999999", f"raise {igb} 10", f"raise {igb} 65535")
    yield from (f"raise {igb} 4294967296", "nvme zz", f"nvme {edu}", f"nvme {nvme} read")
    yield from (f"nvme {nvme} read 0", f"nvme {nvme} read x 1", f"nvme {nvme} read 0 x")
    yield from (f"nvme {nvme} read -1 1", f"nvme {nvme} read 0 0", f"nvme {nvme} read 0 1 product")
    yield from (f"nvme {nvme} write 0 1", f"nvme {nvme} read 99999999999 1", f"nvme {edu} read 0 1")
    yield from ("nvme zz read 0 1", f"nvme {nvme} read 18446744073709551616 1", "bench nosuch")
    yield from ("crash", "crash nosuch")


@pytest.mark.machines("virt-1", "virt-4")
def test_bad_input(prompt, find):
    """Each costs exactly one line, `error: ...`, and changes nothing."""
    edu, igb, nvme = find(EDU), find(IGB), find(NVME)
    quiet = quiet_lines(prompt)
    before = state(prompt, quiet)
    wrong = []
    for line in bad_inputs(edu, igb, nvme):
        said = prompt.command(line).splitlines()
        if len(said) != 1 or not said[0].startswith("error: "):
            wrong.append((line, said))
    row = next(r for r in lines.irq_table(prompt.command("irq")) if r.bdf == edu)
    for hart in (prompt.machine.harts, 65536, "x", -1):
        said = prompt.command(f"affinity {row.irq} {hart}").splitlines()
        if len(said) != 1 or not said[0].startswith("error: "):
            wrong.append((f"affinity {row.irq} {hart}", said))
    assert wrong == []
    assert state(prompt, quiet) == before


def quiet_lines(prompt):
    """The irqs that do not count by our typing."""
    one, two = (lines.irq_table(prompt.command("irq")) for _ in range(2))
    noisy = lines.irq_growth(one, two)
    return [row.irq for row in two if row.irq not in noisy]


def state(prompt, quiet):
    """What a person can see of the machine's state."""
    counts = {r.irq: r.counts for r in lines.irq_table(prompt.command("irq")) if r.irq in quiet}
    edu_to_nvme = [prompt.command(f"msi 00:0{n}.0") for n in (1, 2, 3)]
    return counts, prompt.command("hart"), prompt.command("lspci -n"), edu_to_nvme
