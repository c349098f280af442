# SPDX-License-Identifier: Apache-2.0
# Faults seeded into copies of the tree; each must be caught, by a test of the host or of a machine.

.PHONY: check-faults check-faults-quick
check-faults: all $(host_tests:%=$(host_dir)/%)
	@tests/faults/run $(BUILD)
check-faults-quick: all $(host_tests:%=$(host_dir)/%)
	@tests/faults/run $(BUILD) --quick
