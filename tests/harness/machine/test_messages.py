# SPDX-License-Identifier: Apache-2.0
"""The second message of a root port: errors, which QEMU's monitor injects one by one."""

import pytest
from harness import ktap


@pytest.mark.machines("messages")
def test_errors_of_a_port(prompt):
    prompt.type("test messages.errors_of_a_port\r")
    for number in range(1, 6):
        prompt.wait(f"waits for error {number}")
        said = prompt.monitor("pcie_aer_inject_error rp0 RCVR")
        assert "OK" in said, said
    said = prompt.wait("(?:not )?ok 1 messages")
    assert "not ok" not in said, said
    prompt.wait_prompt()
