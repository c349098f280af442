# SPDX-License-Identifier: Apache-2.0
"""Runs pytest over the harness and the machines, a few shards at a time."""

import os
import queue
import subprocess
import sys
import threading
import time

from harness import machines, qemu

TESTS = machines.ROOT / "tests" / "harness"
NOTHING_COLLECTED = 5


def start_shard(index, jobs, group, platform, words):
    argv = [
        sys.executable, "-m", "pytest", "-v", "-rfEs", "--tb=short", "--color=no",
        "-p", "no:cacheprovider", f"--rootdir={machines.ROOT}",
        f"--group={group}", f"--platform={platform}", f"--shard={index}/{jobs}", *words,
    ]  # fmt: skip
    if not any(os.path.exists(word.split("::")[0]) for word in words):
        # The harness's own tests need no machine: once is enough.
        argv.append(str(TESTS if platform == machines.PLATFORM else TESTS / "machine"))
    environment = dict(os.environ, PYTHONDONTWRITEBYTECODE="1", PYTHONUNBUFFERED="1")
    return subprocess.Popen(
        argv, env=environment, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True
    )


def follow(index, process, lines):
    for line in process.stdout:
        lines.put((index, line.rstrip("\n")))
    lines.put((index, None))


def relay(jobs, lines):
    """Prints each test as it ends; keeps the rest of what a shard says for its end."""
    kept = {index: [] for index in range(jobs)}
    open_shards = jobs
    while open_shards:
        index, line = lines.get()
        if line is None:
            open_shards -= 1
        else:
            kept[index].append(line)
            if line.endswith("%]"):
                print(line.rsplit(" [", 1)[0].rstrip(), flush=True)
    return kept


def report(kept, statuses):
    for index, said in kept.items():
        marks = [n for n, line in enumerate(said) if "short test summary" in line]
        if statuses[index] in (0, NOTHING_COLLECTED):
            said = said[marks[0] :] if marks else said[-1:]
        print(f"shard {index + 1}:")
        print("\n".join(line for line in said if not line.endswith("%]")), flush=True)


def check(group="all", platform=machines.PLATFORM, jobs=2, words=()):
    """0 when everything passed. words: more arguments of pytest, such as files or -k."""
    chosen = machines.group(machines.load(platform), group)
    for machine in () if words else chosen:
        machines.image(machine)
    lines = queue.Queue()
    start = time.monotonic()
    shards = [start_shard(index, jobs, group, platform, words) for index in range(jobs)]
    try:
        for index, process in enumerate(shards):
            threading.Thread(target=follow, args=(index, process, lines), daemon=True).start()
        kept = relay(jobs, lines)
    finally:
        for process in shards:
            if process.poll() is None:
                process.terminate()
    statuses = [process.wait() for process in shards]
    for index, said in kept.items():
        qemu.log_file(f"check-{index + 1}").write_text("\n".join(said) + "\n")
    report(kept, statuses)
    failed = any(status not in (0, NOTHING_COLLECTED) for status in statuses)
    nothing = all(status == NOTHING_COLLECTED for status in statuses)
    verdict = "nothing was run" if nothing else "FAILED" if failed else "passed"
    print(f"check {verdict}, {time.monotonic() - start:.0f} s; logs in {qemu.log_file('x').parent}")
    return 1 if failed or nothing else 0
