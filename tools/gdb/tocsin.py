# SPDX-License-Identifier: Apache-2.0
"""gdb commands for a stopped Tocsin, from its memory alone: nothing of it runs.

    make debug, or: gdb-multiarch -x tools/gdb/tocsin.py build/riscv-virt/tocsin.elf
"""

import pathlib
import re

import gdb

# The image carries no macros, so the bits of irq_desc.state are read where they are defined.
IRQ_H = pathlib.Path(__file__).resolve().parents[2] / "kernel" / "irq.h"
STATE_BIT = re.compile(r"^#define IRQ_(?!SHADOW_)(\w+)\s+BIT\((\d+)\)", re.M)
STATE_BITS = {name: 1 << int(bit) for name, bit in STATE_BIT.findall(IRQ_H.read_text())}


def value(expression):
    return gdb.parse_and_eval(expression)


def descriptors():
    """Every irq_desc that was ever claimed, in order of its number."""
    descs = value("'kernel/irq.c'::descs")
    return [descs[i] for i in range(int(value("'kernel/irq.c'::next_desc")))]


def harts():
    table = value("smp_harts")
    return [table[i].dereference() for i in range(int(value("smp_nr_harts")))]


def text(pointer, default="-"):
    return pointer.string() if int(pointer) else default


def state_words(state):
    words = [name for name, bit in STATE_BITS.items() if state & bit]
    return "|".join(words) or "-"


def function_of(desc):
    """The struct msi_function of an MSI vector, or None."""
    if str(desc["kind"].cast(gdb.lookup_type("enum irq_kind"))) != "IRQ_KIND_MSI":
        return None
    return desc["chip_data"].cast(gdb.lookup_type("struct msi_function").pointer()).dereference()


def source(desc):
    function = function_of(desc)
    if function is not None:
        return f"{function['name'].string()}[{int(desc['index'])}]"
    return text(desc["chip"]["name"]) if int(desc["chip"]) else "-"


def in_use(desc):
    return not int(desc["state"]) & STATE_BITS["DEAD"] and int(desc["kind"]) != 0


class Tocsin(gdb.Command):
    """Tocsin: harts, interrupts and vectors of a stopped machine."""

    def __init__(self):
        super().__init__("tocsin", gdb.COMMAND_DATA, prefix=True)


class Report(gdb.Command):
    """A command that only reads; where the kernel's memory is not there yet, it says so."""

    def __init__(self, name):
        super().__init__(f"tocsin {name}", gdb.COMMAND_DATA)

    def invoke(self, argument, from_tty):
        try:
            self.report(gdb.string_to_argv(argument))
        except gdb.MemoryError as error:
            raise gdb.GdbError(f"{error}: is this hart in the kernel, past kernel_main()?")
        except gdb.error as error:
            raise gdb.GdbError(f"{error}")


class Harts(Report):
    """tocsin harts: index, hart ID, state, the vector whose handler runs."""

    def report(self, arguments):
        for hart in harts():
            state = int(hart["state"])
            states = {f.enumval: f.name for f in gdb.lookup_type("enum hart_state").fields()}
            current = hart["current"]
            running = f"irq {int(current['irq'])} {text(current['name'])}" if int(current) else "-"
            print(
                f"hart {int(hart['index'])}: id {int(hart['hart_id'])}"
                f" {states.get(state, state)} handler: {running}"
            )


class Irqs(Report):
    """tocsin irqs: number, a count for each hart, place, state, source and name."""

    def report(self, arguments):
        columns = [f"hart{int(h['index'])}" for h in harts()]
        print("  irq" + "".join(f"{c:>10}" for c in columns) + "  place    source        name")
        for desc in filter(in_use, descriptors()):
            counts = "".join(f"{int(desc['handled'][i]):10}" for i in range(len(columns)))
            place = f"{int(desc['hart'])}:{int(desc['identity'])}"
            print(
                f"{int(desc['irq']):5}{counts}  {place:8} {source(desc):13} {text(desc['name'])}"
                f" {state_words(int(desc['state']))}"
            )


class Vectors(Report):
    """tocsin vectors [HART]: who has which identity of each hart's interrupt file."""

    def report(self, arguments):
        wanted = int(arguments[0]) if arguments else None
        unowned = int(value("&irq_unowned"))
        for hart in harts():
            if wanted not in (None, int(hart["index"])):
                continue
            print(f"hart {int(hart['index'])}: identities 1 to {int(hart['max_id'])}")
            # Before the hart is up it has no slots.
            for identity in range(int(hart["max_id"]) + 1 if int(hart["slots"]) else 0):
                slot = self.pointer(hart["slots"][identity])
                if int(slot) != unowned:
                    print(f"{identity:6} {self.owner(hart, identity, slot)}")

    @staticmethod
    def pointer(slot):
        """_Atomic(struct irq_desc *) as a plain pointer."""
        return slot.cast(gdb.lookup_type("struct irq_desc").pointer())

    def owner(self, hart, identity, slot):
        if int(slot) == int(value("&irq_parked")):
            left = self.pointer(hart["parked"][identity])
            return f"parked, was irq {int(left['irq'])}" if int(left) else "parked"
        desc = slot.dereference()
        states = state_words(int(desc["state"]))
        return f"irq {int(desc['irq'])} {source(desc)} {text(desc['name'])} {states}"


Tocsin()
Harts("harts")
Irqs("irqs")
Vectors("vectors")
