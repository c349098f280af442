// SPDX-License-Identifier: Apache-2.0
/* The device tree of a guest: the machine's, less what is not the guest's. */
#include <errno.h>
#include <libfdt.h>
#include <string.h>

#include "arch/csr.h"
#include "drivers/irqchip/imsic_math.h"
#include "hypervisor/vm.h"
#include "kernel/lib/bits.h"

/* At the end of the RAM, so that a kernel can lie at its start. */
#define DTB_ROOM  0x200000ull
#define ARGUMENTS 2048

static bool is_word(const char *text, const char *word)
{
	return !strncmp(text, word, strlen(word));
}


static bool has_compatible(const void *fdt, int node, const char *what)
{
	return !fdt_node_check_compatible(fdt, node, what);
}

/* Deletes the children of a node that keep() does not want. */
static int prune(void *fdt, int parent, bool (*keep)(const struct guest *, const void *, int),
		 const struct guest *guest)
{
	int child = fdt_first_subnode(fdt, parent);

	while (child >= 0) {
		if (keep(guest, fdt, child)) {
			child = fdt_next_subnode(fdt, child);
			continue;
		}
		if (fdt_del_node(fdt, child))
			return -EINVAL;
		/* Offsets behind it have moved. */
		child = fdt_first_subnode(fdt, parent);
	}
	return 0;
}

static uint64_t cpu_id(const void *fdt, int cpu)
{
	int len, cells = fdt_address_cells(fdt, fdt_parent_offset(fdt, cpu));
	const fdt32_t *reg = fdt_getprop(fdt, cpu, "reg", &len);
	uint64_t id = 0;

	for (int i = 0; reg && i < cells && i < len / (int)sizeof(*reg); i++)
		id = id << 32 | fdt32_ld(reg + i);
	return id;
}

static bool keep_cpu(const struct guest *guest, const void *fdt, int node)
{
	const char *type = fdt_getprop(fdt, node, "device_type", NULL);

	return type && !strcmp(type, "cpu") && guest_vcpu(guest, cpu_id(fdt, node));
}

static bool is_supervisor(const void *fdt, int node)
{
	int len;
	const fdt32_t *cells = fdt_getprop(fdt, node, "interrupts-extended", &len);

	return cells && len >= (int)(2 * sizeof(*cells)) && fdt32_ld(cells + 1) == IRQ_S_EXTERNAL;
}

static bool keep_device(const struct guest *guest, const void *fdt, int node)
{
	(void)guest;
	if (has_compatible(fdt, node, "riscv,imsics"))
		return is_supervisor(fdt, node);
	return has_compatible(fdt, node, "pci-host-ecam-generic");
}

static bool keep_top(const struct guest *guest, const void *fdt, int node)
{
	const char *name = fdt_get_name(fdt, node, NULL);

	(void)guest;
	return name && (is_word(name, "chosen") || is_word(name, "cpus") || is_word(name, "soc"));
}

static bool keep_nothing(const struct guest *guest, const void *fdt, int node)
{
	(void)guest;
	(void)fdt;
	(void)node;
	return false;
}

static int set_memory(const struct guest *guest, void *fdt)
{
	int node = fdt_add_subnode(fdt, 0, "memory");
	int rc = node < 0 ? node : fdt_setprop_string(fdt, node, "device_type", "memory");

	return rc ? rc
		  : fdt_appendprop_addrrange(fdt, 0, node, "reg", guest->ram.base, guest->ram.size);
}

/* The words of the hypervisor's own settings are left out of what guest 0 gets. */
static void own_arguments(char *out, size_t room)
{
	const char *at = dt_string(dt_path("/chosen"), "bootargs");
	size_t len = 0;

	while (at && *at && len + 1 < room) {
		bool ours = is_word(at, "guest") && at[5] >= '0' && at[5] <= '9' && at[6] == '.';
		char quote = 0;

		for (; *at && (quote || *at != ' '); at++) {
			if (quote ? *at == quote : *at == '"' || *at == '\'')
				quote = quote ? 0 : *at;
			if (!ours && len + 1 < room)
				out[len++] = *at;
		}
		for (; *at == ' '; at++)
			if (!ours && len + 1 < room)
				out[len++] = ' ';
	}
	out[len] = '\0';
}

static int set_chosen(const struct guest *guest, void *fdt)
{
	char arguments[ARGUMENTS] = "";
	int node = fdt_path_offset(fdt, "/chosen");

	if (node < 0)
		node = fdt_add_subnode(fdt, 0, "chosen");
	if (node < 0)
		return node;
	if (guest->arguments)
		strlcpy(arguments, guest->arguments, sizeof(arguments));
	else if (!guest->number)
		own_arguments(arguments, sizeof(arguments));
	(void)fdt_delprop(fdt, node, "stdout-path");
	(void)fdt_delprop(fdt, node, "linux,initrd-start");
	(void)fdt_delprop(fdt, node, "linux,initrd-end");
	if (fdt_setprop_string(fdt, node, "bootargs", arguments))
		return -ENOSPC;
	if (!guest->initrd.size)
		return 0;
	if (fdt_setprop_u64(fdt, node, "linux,initrd-start", guest->initrd.base) ||
	    fdt_setprop_u64(fdt, node, "linux,initrd-end", guest->initrd.base + guest->initrd.size))
		return -ENOSPC;
	return 0;
}

/* The phandle of the interrupt controller of the vcpu's hart; 0: none. */
static uint32_t intc_of(const void *fdt, const struct vcpu *vcpu)
{
	int cpu, cpus = fdt_path_offset(fdt, "/cpus"), child;

	fdt_for_each_subnode(cpu, fdt, cpus)
		if (cpu_id(fdt, cpu) == vcpu->hart_id)
			fdt_for_each_subnode(child, fdt, cpu)
				if (has_compatible(fdt, child, "riscv,cpu-intc"))
					return fdt_get_phandle(fdt, child);
	return 0;
}

/* One page a hart, from guest->imsic on, in the order of vcpus. */
static int set_imsic(const struct guest *guest, void *fdt)
{
	static const char *const gone[] = { "riscv,guest-index-bits", "riscv,hart-index-bits",
					    "riscv,group-index-bits", "riscv,group-index-shift",
					    "reg", "interrupts-extended" };
	int node = fdt_node_offset_by_compatible(fdt, -1, "riscv,imsics");
	int rc;

	if (node < 0)
		return -ENODEV;
	for (unsigned i = 0; i < ARRAY_SIZE(gone); i++)
		(void)fdt_delprop(fdt, node, gone[i]);
	rc = fdt_appendprop_addrrange(fdt, fdt_parent_offset(fdt, node), node, "reg", guest->imsic,
				      guest->nr_vcpus * IMSIC_PAGE_SIZE);
	for (unsigned i = 0; i < guest->nr_vcpus && !rc; i++) {
		node = fdt_node_offset_by_compatible(fdt, -1, "riscv,imsics");
		rc = fdt_appendprop_u32(fdt, node, "interrupts-extended",
					intc_of(fdt, guest->vcpus[i]));
		if (!rc)
			rc = fdt_appendprop_u32(fdt, node, "interrupts-extended", IRQ_S_EXTERNAL);
	}
	return rc;
}

/* No wired interrupts, and an IOMMU is the hypervisor's. */
static int set_pci(void *fdt)
{
	static const char *const gone[] = { "interrupt-map", "interrupt-map-mask", "iommu-map",
					    "iommu-map-mask" };
	int node = fdt_node_offset_by_compatible(fdt, -1, "pci-host-ecam-generic");
	struct guest *none = NULL;

	if (node < 0)
		return 0;
	for (unsigned i = 0; i < ARRAY_SIZE(gone); i++)
		(void)fdt_delprop(fdt, node, gone[i]);
	return prune(fdt, node, keep_nothing, none);
}

static int edit(const struct guest *guest, void *fdt)
{
	int rc = prune(fdt, 0, keep_top, guest);

	while (!rc && fdt_num_mem_rsv(fdt))
		rc = fdt_del_mem_rsv(fdt, 0);
	if (!rc)
		rc = prune(fdt, fdt_path_offset(fdt, "/cpus"), keep_cpu, guest);
	if (!rc)
		rc = prune(fdt, fdt_path_offset(fdt, "/soc"), keep_device, guest);
	if (!rc)
		rc = set_pci(fdt);
	if (!rc)
		rc = set_imsic(guest, fdt);
	if (!rc)
		rc = set_memory(guest, fdt);
	if (!rc)
		rc = set_chosen(guest, fdt);
	return rc;
}

int guest_make_dt(struct guest *guest)
{
	int rc;

	if (guest->ram.size < 2 * DTB_ROOM)
		return -ENOSPC;
	guest->dtb = guest->ram.base + guest->ram.size - DTB_ROOM;
	rc = fdt_open_into(dt_blob(), (void *)guest->dtb, DTB_ROOM);
	if (!rc)
		rc = edit(guest, (void *)guest->dtb);
	if (!rc)
		rc = fdt_pack((void *)guest->dtb);
	return rc ? -EINVAL : 0;
}
