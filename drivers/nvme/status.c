// SPDX-License-Identifier: Apache-2.0
#include "drivers/nvme/status.h"

#include "drivers/nvme/regs.h"
#include "kernel/lib/bits.h"

/* NVM Express Base Specification, "Status Field"; NVM Command Set Specification, "Status". */
static const struct {
	uint16_t type_code; /* SCT << 8 | SC */
	const char *name;
} names[] = {
	{ 0x000, "Successful Completion" },
	{ 0x001, "Invalid Command Opcode" },
	{ 0x002, "Invalid Field in Command" },
	{ 0x003, "Command ID Conflict" },
	{ 0x004, "Data Transfer Error" },
	{ 0x005, "Commands Aborted due to Power Loss Notification" },
	{ 0x006, "Internal Error" },
	{ 0x007, "Command Abort Requested" },
	{ 0x008, "Command Aborted due to SQ Deletion" },
	{ 0x00b, "Invalid Namespace or Format" },
	{ 0x00c, "Command Sequence Error" },
	{ 0x013, "PRP Offset Invalid" },
	{ 0x020, "Namespace is Write Protected" },
	{ 0x080, "LBA Out of Range" },
	{ 0x081, "Capacity Exceeded" },
	{ 0x082, "Namespace Not Ready" },
	{ 0x100, "Completion Queue Invalid" },
	{ 0x101, "Invalid Queue Identifier" },
	{ 0x102, "Invalid Queue Size" },
	{ 0x103, "Abort Command Limit Exceeded" },
	{ 0x105, "Asynchronous Event Request Limit Exceeded" },
	{ 0x108, "Invalid Interrupt Vector" },
	{ 0x280, "Write Fault" },
	{ 0x281, "Unrecovered Read Error" },
	{ 0x282, "End-to-end Guard Check Error" },
	{ 0x286, "Access Denied" },
};

static const char *const type_names[] = { "generic status", "command specific status",
					  "media or data integrity error", "path related status" };

const char *nvme_status_name(uint16_t status)
{
	unsigned type = FIELD_GET(NVME_STATUS_SCT, status);
	unsigned type_code = type << 8 | FIELD_GET(NVME_STATUS_SC, status);

	for (unsigned i = 0; i < ARRAY_SIZE(names); i++) {
		if (names[i].type_code == type_code)
			return names[i].name;
	}
	return type < ARRAY_SIZE(type_names) ? type_names[type] : "vendor specific status";
}
