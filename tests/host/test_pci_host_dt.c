// SPDX-License-Identifier: Apache-2.0
// SOURCES: platform/dt.c platform/dt_interrupt.c drivers/pci/config_ecam.c drivers/pci/host_dt.c
// LIBS: -lfdt
/* Host bridges and interrupt maps of device trees that dtc makes here. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* Its probe is static: the table that leads to it is the linker script's. */
#include "drivers/pci/host_ecam_dt.c"
#include "tests/host/cmocka_test.h"
#include "tests/host/host_support.h"

const struct dt_driver table_dt_driver_start[1], table_dt_driver_end[1];

#define MAX_HOSTS 4

static struct pci_host *hosts[MAX_HOSTS];
static struct pci_function functions[MAX_HOSTS];
static unsigned nr_hosts;

int pci_host_add(struct pci_host *host)
{
	assert_true(nr_hosts < MAX_HOSTS);
	functions[nr_hosts].msi.segment = host->segment;
	functions[nr_hosts].next = nr_hosts ? &functions[nr_hosts - 1] : NULL;
	hosts[nr_hosts++] = host;
	return 1;
}

struct pci_function *pci_first(void)
{
	return nr_hosts ? &functions[nr_hosts - 1] : NULL;
}

static const struct msi_domain domains[4];

const struct msi_domain *msi_domain_find(uint32_t phandle)
{
	return phandle < ARRAY_SIZE(domains) ? &domains[phandle] : NULL;
}

static struct msi_iommu iommus[4];

struct msi_iommu *msi_iommu_find(uint32_t phandle)
{
	return phandle < ARRAY_SIZE(iommus) ? &iommus[phandle] : NULL;
}

/* The tree of this source; freed by the next one. */
static void load(const char *source)
{
	static char *blob;
	char name[] = "/tmp/tocsin-dts-XXXXXX", command[80];
	int fd = mkstemp(name);
	size_t room = 1 << 16;
	FILE *dtc;

	assert_true(fd >= 0);
	assert_int_equal(write(fd, source, strlen(source)), strlen(source));
	close(fd);
	snprintf(command, sizeof(command), "dtc -q -I dts -O dtb %s", name);
	dtc = popen(command, "r");
	assert_non_null(dtc);
	free(blob);
	blob = calloc(1, room);
	assert_true(fread(blob, 1, room, dtc) > 0);
	assert_int_equal(pclose(dtc), 0);
	unlink(name);
	assert_int_equal(dt_init(blob), 0);
	while (nr_hosts)
		free(hosts[--nr_hosts]);
	host_log_clear();
}

static int probe_all(void)
{
	int rc = 0;

	for (dt_node_t node = dt_next_compatible(DT_NONE, "pci-host-ecam-generic"); node != DT_NONE;
	     node = dt_next_compatible(node, "pci-host-ecam-generic"))
		rc = pci_host_ecam_probe(node);
	return rc;
}

#define PCI_NODE                                                         \
	"compatible = \"pci-host-ecam-generic\"; device_type = \"pci\";" \
	"#address-cells = <3>; #size-cells = <2>; #interrupt-cells = <1>;"

/* Two on a bus whose addresses are 32 bits and lie elsewhere for the CPU. */
#define TWO_HOSTS                                                                       \
	"/dts-v1/; / { #address-cells = <2>; #size-cells = <2>;"                        \
	"soc { #address-cells = <1>; #size-cells = <1>;"                                \
	"  ranges = <0x40000000 0x8 0x40000000 0x40000000>,"                            \
	"           <0x00000000 0x1 0x00000000 0x10000000>;"                            \
	"  pci@0 { " PCI_NODE " reg = <0x40000000 0x400000>; bus-range = <0x20 0x2f>;"  \
	"    ranges = <0x02000000 0 0x50000000 0x50000000 0 0x10000000>,"               \
	"             <0x01000000 0 0 0x60000000 0 0x10000>;"                           \
	"    msi-map = <0x2000 1 0x100 0x10>, <0x2010 2 0x900 0x1000>, <0x2108 3 0 1>;" \
	"    msi-map-mask = <0xfff8>;"                                                  \
	"    iommu-map = <0x2000 2 0x50000 0x10>, <0x2011 3 0 0xdfef>; };"              \
	"  pci@1 { " PCI_NODE " reg = <0x00000000 0x200000>; bus-range = <0 0xff>;"     \
	"    ranges = <0x43000000 0 0x01000000 0x01000000 0 0x00800000>;"               \
	"    msi-parent = <2>; };"                                                      \
	"}; };"

static void two_hosts(void **state)
{
	struct pci_window *window;

	(void)state;
	load(TWO_HOSTS);
	assert_int_equal(probe_all(), 0);
	assert_int_equal(nr_hosts, 2);
	assert_int_equal(hosts[0]->segment, 0);
	assert_int_equal(hosts[1]->segment, 1);
	/* reg begins with the first bus, and holds four */
	assert_int_equal(hosts[0]->first_bus, 0x20);
	assert_int_equal(hosts[0]->last_bus, 0x23);
	assert_int_equal(((struct pci_ecam *)hosts[0]->config_data)->base, 0x840000000);
	assert_int_equal(hosts[1]->first_bus, 0);
	assert_int_equal(hosts[1]->last_bus, 1);
	window = &hosts[0]->windows[PCI_SPACE_MEM32];
	assert_int_equal(window->bus_base, 0x50000000);
	assert_int_equal(window->cpu_base, 0x850000000);
	assert_int_equal(window->size, 0x10000000);
	assert_int_equal(hosts[0]->windows[PCI_SPACE_IO].cpu_base, 0x860000000);
	/* "64-bit", but below 4 GiB */
	window = &hosts[1]->windows[PCI_SPACE_MEM32];
	assert_int_equal(window->bus_base, 0x1000000);
	assert_int_equal(window->cpu_base, 0x101000000);
	assert_int_equal(hosts[1]->windows[PCI_SPACE_MEM64].size, 0);
	assert_null(hosts[1]->map_intx);
}

static void message_controllers(void **state)
{
	static const struct {
		uint16_t rid;
		const struct msi_domain *domain;
		uint32_t device;
	} cases[] = {
		{ 0x2000, &domains[1], 0x100 },
		{ 0x2007, &domains[1], 0x100 },
		{ 0x2008, &domains[1], 0x108 },
		{ 0x2010, &domains[2], 0x900 },
		{ 0x210f, &domains[2], 0x9f8 },
		{ 0x3008, &domains[2], 0x18f8 },
		{ 0x3010, NULL, 0 },
		{ 0x1fff, NULL, 0 },
	};
	uint32_t device;

	(void)state;
	load(TWO_HOSTS);
	probe_all();
	for (unsigned i = 0; i < ARRAY_SIZE(cases); i++) {
		const struct msi_domain *domain =
			hosts[0]->msi_domain(hosts[0], cases[i].rid, &device);

		assert_ptr_equal(domain, cases[i].domain);
		if (domain)
			assert_int_equal(device, cases[i].device);
	}
	assert_ptr_equal(hosts[1]->msi_domain(hosts[1], 0x108, &device), &domains[2]);
	assert_int_equal(device, 0x108);
}

static void iommus_of_functions(void **state)
{
	static const struct {
		uint16_t rid;
		const struct msi_iommu *iommu;
		uint32_t id;
	} cases[] = {
		{ 0x2000, &iommus[2], 0x50000 },
		{ 0x200f, &iommus[2], 0x5000f },
		{ 0x2010, NULL, 0 }, /* the IOMMU itself */
		{ 0x2011, &iommus[3], 0 },
		{ 0xffff, &iommus[3], 0xdfee },
		{ 0x1fff, NULL, 0 },
	};
	uint32_t id;

	(void)state;
	load(TWO_HOSTS);
	probe_all();
	for (unsigned i = 0; i < ARRAY_SIZE(cases); i++) {
		const struct msi_iommu *iommu = hosts[0]->iommu(hosts[0], cases[i].rid, &id);

		assert_ptr_equal(iommu, cases[i].iommu);
		if (iommu)
			assert_int_equal(id, cases[i].id);
	}
	assert_null(hosts[1]->iommu(hosts[1], 8, &id));
}

static void segments_do_not_collide(void **state)
{
	(void)state;
	load("/dts-v1/; / { #address-cells = <2>; #size-cells = <2>;"
	     "a { " PCI_NODE " reg = <0 0x10000000 0 0x100000>; linux,pci-domain = <1>;"
	     "  ranges = <0x02000000 0 0x50000000 0 0x50000000 0 0x1000>; };"
	     "b { " PCI_NODE " reg = <0 0x20000000 0 0x100000>;"
	     "  ranges = <0x02000000 0 0x60000000 0 0x60000000 0 0x1000>; };"
	     "c { " PCI_NODE " reg = <0 0x30000000 0 0x100000>; linux,pci-domain = <1>;"
	     "  ranges = <0x02000000 0 0x70000000 0 0x70000000 0 0x1000>; };"
	     "};");
	assert_int_equal(probe_all(), 0);
	assert_int_equal(hosts[0]->segment, 1);
	assert_int_equal(hosts[1]->segment, 0);
	assert_int_equal(hosts[2]->segment, 2);
	/* The one that is not what it wished for, and each that it has no IOMMU. */
	assert_int_equal(host_log_lines(), 1 + 3);
}

static void malformed_hosts_are_refused(void **state)
{
	static const char *const bad[] = {
		/* buses from the last one back; a bus that is no byte; no room for one */
		"reg = <0 0x10000000 0 0x100000>; bus-range = <2 1>;"
		"ranges = <0x02000000 0 0x50000000 0 0x50000000 0 0x1000>;",
		"reg = <0 0x10000000 0 0x100000>; bus-range = <0 0x100>;"
		"ranges = <0x02000000 0 0x50000000 0 0x50000000 0 0x1000>;",
		"reg = <0 0x10000000 0 0xff000>;"
		"ranges = <0x02000000 0 0x50000000 0 0x50000000 0 0x1000>;",
		"reg = <0 0x10000000 0 0x100000>; ranges = <0x02000000 0 0x50000000 0>;",
		"reg = <0 0x10000000 0 0x100000>;",
		"ranges = <0x02000000 0 0x50000000 0 0x50000000 0 0x1000>;",
	};

	(void)state;
	for (unsigned i = 0; i < ARRAY_SIZE(bad); i++) {
		char source[600];

		snprintf(source, sizeof(source),
			 "/dts-v1/; / { #address-cells = <2>; #size-cells = <2>; a { %s %s }; };",
			 PCI_NODE, bad[i]);
		load(source);
		assert_true(probe_all() < 0);
		assert_int_equal(nr_hosts, 0);
	}
}

#define CONTROLLERS                                                                  \
	"plic: c0 { phandle = <1>; #interrupt-cells = <1>; #address-cells = <0>; };" \
	"aplic: c1 { phandle = <2>; #interrupt-cells = <2>; };"                      \
	"gic: c2 { phandle = <3>; #interrupt-cells = <3>; #address-cells = <2>; };"

static int map(uint16_t rid, unsigned pin, struct dt_interrupt *interrupt)
{
	return hosts[0]->map_intx(hosts[0], rid, pin, interrupt);
}

/* A host bridge with this map. */
static void load_map(const char *more)
{
	static char source[4096];

	snprintf(source, sizeof(source),
		 "/dts-v1/; / { #address-cells = <2>; #size-cells = <2>; " CONTROLLERS
		 "pci { " PCI_NODE " reg = <0 0x30000000 0 0x10000000>;"
		 "ranges = <0x02000000 0 0x50000000 0 0x50000000 0 0x1000>; %s }; "
		 "nexus: x { phandle = <4>; #interrupt-cells = <2>; #address-cells = <1>;"
		 " interrupt-map-mask = <0xff 0xf 0>;"
		 " interrupt-map = <0x10 5 0 &aplic 77 4>, <0x11 5 0 &nexus 0x10 5 1>; };"
		 "ring: y { phandle = <5>; #interrupt-cells = <1>; #address-cells = <0>;"
		 " interrupt-map = <1 &ring 1>; }; };",
		 more);
	load(source);
	assert_int_equal(probe_all(), 0);
}

/* QEMU's `virt`: four devices by four pins, each with the next source. */
static void map_of_qemu(void **state)
{
	char rows[2048] = "interrupt-map-mask = <0x1800 0 0 7>; interrupt-map = ";
	struct dt_interrupt interrupt;

	(void)state;
	for (unsigned i = 0; i < 16; i++)
		snprintf(rows + strlen(rows), sizeof(rows) - strlen(rows),
			 "%s<%#x 0 0 %u &aplic %u 4>", i ? "," : "", i / 4 << 11, i % 4 + 1,
			 0x20 + (i / 4 + i % 4) % 4);
	strcat(rows, ";");
	load_map(rows);
	for (unsigned device = 0; device < 32; device++) {
		for (unsigned pin = 1; pin <= 4; pin++) {
			assert_int_equal(map((uint16_t)(device << 3 | 5), pin, &interrupt), 0);
			assert_int_equal(dt_phandle(interrupt.controller), 2);
			assert_int_equal(interrupt.nr_cells, 2);
			assert_int_equal(interrupt.specifier[0], 0x20 + (device + pin - 1) % 4);
			assert_int_equal(interrupt.specifier[1], 4);
		}
	}
	assert_int_equal(map(0, 5, &interrupt), -ENODEV);
}

/* Rows of different length, a parent with unit addresses, and one that leads on. */
static void maps_of_other_machines(void **state)
{
	struct dt_interrupt interrupt;

	(void)state;
	load_map("interrupt-map-mask = <0xf800 0 0 7>; interrupt-map ="
		 "<0 0 0 1 &plic 9>, <0 0 0 2 &gic 7 8 0 33 4>, <0x800 0 0 1 &aplic 3 1>,"
		 "<0x800 0 0 2 &nexus 0x210 5 1>, <0x800 0 0 3 &nexus 0x11 0x15 0>,"
		 "<0x1000 0 0 1 &ring 1>, <0x1000 0 0 2 &nexus 0x12 5 1>;");
	assert_int_equal(map(0, 1, &interrupt), 0);
	assert_int_equal(interrupt.specifier[0], 9);
	assert_int_equal(interrupt.nr_cells, 1);
	assert_int_equal(map(0, 2, &interrupt), 0);
	assert_int_equal(interrupt.specifier[1], 33);
	assert_int_equal(interrupt.nr_cells, 3);
	assert_int_equal(map(0x08, 1, &interrupt), 0);
	assert_int_equal(interrupt.specifier[0], 3);
	assert_int_equal(map(0x08, 2, &interrupt), 0);
	assert_int_equal(interrupt.specifier[0], 77);
	assert_int_equal(dt_phandle(interrupt.controller), 2);
	assert_int_equal(map(0x08, 3, &interrupt), 0);
	assert_int_equal(interrupt.specifier[0], 77);
	assert_int_equal(map(0x08, 4, &interrupt), -ENODEV);
	assert_int_equal(map(0x18, 1, &interrupt), -ENODEV);
	assert_int_equal(map(0x10, 2, &interrupt), -ENODEV);
	/* round and round, with an end */
	assert_int_equal(map(0x10, 1, &interrupt), -EINVAL);
}

/* What is cut off, or names nobody, gives no interrupt. */
static void malformed_maps(void **state)
{
	static const char *const bad[] = {
		"interrupt-map = <0 0 0 1>;",       "interrupt-map = <0 0 0 1 &aplic 3>;",
		"interrupt-map = <0 0 0 1 9 3 4>;", "interrupt-map = <0 0 0 1 &gic 7 8 0 33>;",
		"interrupt-map = <0 0 0>;",         "interrupt-map;",
	};
	struct dt_interrupt interrupt;

	(void)state;
	for (unsigned i = 0; i < ARRAY_SIZE(bad); i++) {
		load_map(bad[i]);
		assert_int_equal(map(0, 1, &interrupt), -ENODEV);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(two_hosts),
		cmocka_unit_test(message_controllers),
		cmocka_unit_test(iommus_of_functions),
		cmocka_unit_test(segments_do_not_collide),
		cmocka_unit_test(malformed_hosts_are_refused),
		cmocka_unit_test(map_of_qemu),
		cmocka_unit_test(maps_of_other_machines),
		cmocka_unit_test(malformed_maps),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
