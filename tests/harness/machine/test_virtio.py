# SPDX-License-Identifier: Apache-2.0
"""virtio devices from outside: frames to and from a peer, and a disk that grows."""

import socket
import tempfile
import threading

import pytest
from harness import ktap, lines, qemu, verdict

BLK = "1af4:1001"
HEADER = 14


class Peer:
    """Sends each frame back to its sender, with its payload inverted. A datagram is a frame."""

    def __init__(self, folder):
        self.here, self.there = f"{folder}/peer", f"{folder}/guest"
        self.socket = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        self.socket.bind(self.here)
        self.frames = []
        self.thread = threading.Thread(target=self.answer, daemon=True)

    def __enter__(self):
        self.thread.start()
        return self

    def __exit__(self, *_):
        self.socket.shutdown(socket.SHUT_RDWR)
        self.thread.join(10)
        self.socket.close()

    def answer(self):
        while frame := self.socket.recv(65536):
            self.frames.append(frame)
            payload = bytes(byte ^ 0xFF for byte in frame[HEADER:])
            reply = frame[6:12] + b"\x02\0\0\0\0\x01" + frame[12:HEADER] + payload
            self.socket.sendto(reply, self.there)

    def qemu(self):
        netdev = "dgram,id=peer,local.type=unix,remote.type=unix"
        return [
            "-netdev",
            f"{netdev},local.path={self.there},remote.path={self.here}",
            "-device",
            "virtio-net-pci,netdev=peer,romfile=",
        ]


@pytest.mark.machines("virtio")
def test_peer(machine):
    """The one behind the machine's own functions: twenty frames out, twenty answers in."""
    commands = f"net.peer=00:{len(machine.devices) + 1:02x}.0 test virtio.net_peer_answers; poweroff"
    with tempfile.TemporaryDirectory(prefix="tocsin-") as work, Peer(work) as peer:
        run = qemu.boot(machine, commands, log=f"{machine.name}/peer", extra=peer.qemu())
    assert verdict.booted(machine, run, 0) == [], run.text()
    report = ktap.parse(run.output)
    assert [t.name for t in report.tests if not t.skipped] == ["virtio.net_peer_answers"]
    assert report.errors == [] and report.failed == [], run.text()
    assert len(peer.frames) == 20
    assert [frame[HEADER:] for frame in peer.frames] == [
        bytes((n + i) & 0xFF for i in range(HEADER, 60)) for n in range(20)
    ]


@pytest.mark.machines("virtio")
def test_config_change(prompt, find):
    """A disk that grows says so by vector 0, once, and by no other."""
    blk = find(BLK)
    before = lines.irq_table(prompt.command("irq"))
    prompt.monitor("block_resize disk0 2M")
    prompt.command("test time")
    growth = lines.irq_growth(before, lines.irq_table(prompt.command("irq")))
    mine = [row for row in before if row.bdf == blk and row.irq in growth]
    assert {row.vector: sum(growth[row.irq]) for row in mine} == {0: 1}
