# SPDX-License-Identifier: Apache-2.0
"""The command line of tools/tocsin."""

import argparse
import dataclasses
import os
import sys

from harness import HarnessError, bench, check, end_on_sigterm, ktap
from harness import lines, machines, qemu, verdict


def with_qemu(machine, path):
    return dataclasses.replace(machine, qemu=path) if path else machine


def chosen(args):
    return with_qemu(machines.find(args.machine, args.platform), args.qemu)


def cmd_list(args):
    for machine in machines.load(args.platform).values():
        groups = ",".join(machine.groups)
        print(f"{machine.name:12} {groups:10} {machine.about}")
    return 0


def cmd_run(args):
    return qemu.run_here(
        chosen(args), args.cmd, extra=args.extra, gdb=args.gdb, verbose=args.verbose
    )


def print_verdict(name, report, problems):
    """The verdict for people; 0 or 1."""
    for test in report.skipped:
        print(f"skipped: {test.name}: {test.reason or 'no reason given'}")
    for problem in problems:
        print(f"{name}: {problem}")
    counts = f"{len(report.passed)} passed, {len(report.failed)} failed"
    print(f"{name}: {'FAILED' if problems else 'passed'}: {counts}, {len(report.skipped)} skipped")
    return 1 if problems else 0


def cmd_test(args):
    machine = chosen(args)
    command = " ".join(["test", *(args.pattern or [machine.tests])]).strip()
    required = () if args.pattern else machine.required
    if args.serial:
        output = on_board(args, machine, command)
        report = ktap.parse(output)
        problems = verdict.console(output) + report.problems(required)
    else:
        commands, log = f"irq; {command}; poweroff", f"{machine.name}/test"
        run = qemu.boot(machine, commands, log=log, extra=args.extra)
        output = run.text()
        report, problems = verdict.tests(machine, run, required)
    if args.verbose or problems:
        print(output)
    return print_verdict(machine.name, report, problems)


def on_board(args, machine, command):
    from harness import console

    with console.SerialConsole(args.serial, args.baud, machine.timeout) as board:
        board.provoke_prompt()
        return board.command(command)


def cmd_bench(args):
    known = machines.load(args.platform)
    names = [args.machine] if args.machine else [m.name for m in machines.group(known, "bench")]
    entries, failed = [], False
    for name in names:
        machine = with_qemu(machines.find(name, args.platform), args.qemu)
        output, problems = bench_one(args, machine)
        failed = failed or bool(problems)
        entries += bench.all_entries(machine, output)
        print("\n".join(raw for raw in output.splitlines() if raw.startswith("{")), flush=True)
        for problem in problems:
            print(f"{name}: {problem}", file=sys.stderr)
    targets = bench.load_targets()
    if entries and not args.json:
        print(bench.table(entries, targets))
    for miss in bench.misses(entries, targets):
        print(miss, file=sys.stderr)
        failed = True
    return 1 if failed else 0


def bench_one(args, machine):
    """(output, problems) of one machine, in QEMU or on the board."""
    if args.serial:
        output = on_board(args, machine, " ".join(["bench", *machine.bench]))
        problems = verdict.console(output) + bench.missing(machine, output)
        problems += lines.error_lines(output)
        return output, problems
    run, problems = bench.run(machine, log=f"{machine.name}/bench", extra=args.extra)
    if args.twice:
        again, more = bench.run(machine, log=f"{machine.name}/bench-again", extra=args.extra)
        changed = bench.differences(run.output, again.output)
        problems += more + [f"does not repeat:\n{lines_}" for lines_ in changed]
    return run.output, problems


def cmd_check(args):
    return check.check(args.group, args.platform, args.jobs, args.extra)


def common(name, about, run):
    """The parser of one command. Each is its own, so that options and names may be mixed."""
    parser = argparse.ArgumentParser(
        prog=f"tools/tocsin {name}",
        description=about,
        epilog="Arguments after -- go to QEMU (check: to pytest).",
    )
    parser.set_defaults(run=run)
    parser.add_argument("--platform", default=machines.PLATFORM)
    parser.add_argument("--build-dir", help="where the images are (default: $BUILD, or build)")
    parser.add_argument("--qemu", help="another QEMU than the machine's")
    parser.add_argument("-v", "--verbose", action="store_true")
    return parser


def add_serial(parser):
    parser.add_argument("--serial", metavar="PORT", help="a board's serial port instead of QEMU")
    parser.add_argument("--baud", type=int, default=115200)


def parsers():
    """{command: its parser}"""
    known = {}

    known["list"] = common("list", "the machines", cmd_list)

    known["run"] = one = common("run", "boots on this terminal; Ctrl-A x leaves", cmd_run)
    one.add_argument("machine", nargs="?", default="virt")
    one.add_argument("--cmd", default="", help='boot arguments: "lspci; irq; poweroff"')
    one.add_argument("--gdb", nargs="?", type=int, const=1234, metavar="PORT", help="wait for gdb")

    known["test"] = one = common("test", "runs the on-target tests", cmd_test)
    add_serial(one)
    one.add_argument("machine")
    one.add_argument("pattern", nargs="*", help="suites or tests; none: all, and the required ones")

    known["bench"] = one = common("bench", "runs the benches", cmd_bench)
    add_serial(one)
    one.add_argument("machine", nargs="?", help="default: all of group bench")
    one.add_argument("--twice", action="store_true", help="fail unless a second run repeats")
    one.add_argument("--json", action="store_true", help="only the JSON lines")

    known["check"] = one = common("check", "tests the harness and all machines", cmd_check)
    one.add_argument("--group", default="all", help="a group of machines, or one machine")
    one.add_argument("--jobs", type=int, default=2)
    return known


def usage(known):
    head = "usage: tools/tocsin COMMAND ...; tools/tocsin COMMAND --help tells more"
    return "\n".join([head, *(f"  {name:8} {p.description}" for name, p in known.items())])


def main(argv):
    extra = []
    if "--" in argv:
        at = argv.index("--")
        argv, extra = argv[:at], argv[at + 1 :]
    known = parsers()
    if not argv or argv[0] not in known:
        asked = bool(argv) and argv[0] in ("-h", "--help", "help")
        print(usage(known), file=sys.stdout if asked else sys.stderr)
        return 0 if asked else 2
    args = known[argv[0]].parse_intermixed_args(argv[1:])
    args.extra = extra
    end_on_sigterm()
    if args.build_dir:
        os.environ["BUILD"] = args.build_dir
    try:
        return args.run(args)
    except HarnessError as error:
        print(f"tocsin: {error}", file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        return 130
