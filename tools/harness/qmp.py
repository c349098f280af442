# SPDX-License-Identifier: Apache-2.0
"""QEMU's machine protocol, as much of it as is needed."""

import json
import socket

from harness import HarnessError


def execute(stream, command, arguments=None):
    request = {"execute": command}
    if arguments:
        request["arguments"] = arguments
    stream.write(json.dumps(request) + "\n")
    stream.flush()
    for line in stream:
        reply = json.loads(line)
        if "return" in reply:
            return reply["return"]
        if "error" in reply:
            raise HarnessError(f"QMP {command}: {reply['error'].get('desc')}")
    raise HarnessError(f"QMP {command}: QEMU ended")


def session(path, command, arguments=None):
    """One command on QEMU's socket."""
    with socket.socket(socket.AF_UNIX) as peer:
        peer.settimeout(30)
        peer.connect(path)
        with peer.makefile("rw") as stream:
            stream.readline()
            execute(stream, "qmp_capabilities")
            return execute(stream, command, arguments)


def human_command(path, line):
    reply = session(path, "human-monitor-command", {"command-line": line})
    return reply.replace("\r", "")
