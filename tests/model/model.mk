# SPDX-License-Identifier: Apache-2.0
# The model tier: Spin searches each tests/model/*.pml for what its first comment says.

.PHONY: check-model
check-model:
	@HOST_CC=$(or $(HOST_CC),gcc) tests/model/run $(BUILD)/model $(sort $(wildcard tests/model/*.pml))
