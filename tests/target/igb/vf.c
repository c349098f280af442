// SPDX-License-Identifier: Apache-2.0
/* The virtual functions of an igb: what the setting `sriov` enabled. */
#include "drivers/igb/igb.h"

#include "drivers/pci/pci_regs.h"
#include "drivers/pci/raise.h"
#include "tests/target/test.h"

#define RAISES     300
#define VF_VECTORS 3

static struct pci_function *next_vf(struct pci_function *fn)
{
	while (fn && !igb_vf_of(fn))
		fn = fn->next;
	return fn;
}

TEST(igb_vf, ids_are_by_offset_and_stride)
{
	struct pci_function *vf = next_vf(pci_first());
	unsigned n = 0;

	SKIP_IF(!vf, "no igb VF: sriov=all enables them");
	for (; vf; vf = next_vf(vf->next)) {
		const struct pci_function *pf = vf->physical;

		n = vf->msi.rid == pf->msi.rid + pf->sriov->offset ? 0 : n + 1;
		CHECK_EQ(vf->msi.rid, pf->msi.rid + pf->sriov->offset + n * pf->sriov->stride);
		CHECK_EQ(pci_read16(pf, pf->cap_sriov + PCI_SRIOV_NUM_VFS), pf->sriov->count);
		CHECK(n < pf->sriov->count);
		CHECK_EQ(vf->bars[0].bus_addr, pf->sriov->bars[0].bus_addr + n * vf->bars[0].size);
	}
}

static uint64_t handled_by_everybody(void)
{
	uint64_t sum = 0;

	for (struct pci_function *fn = pci_first(); fn; fn = fn->next)
		for (unsigned v = 0; (igb_of(fn) || igb_vf_of(fn)) && v < fn->msi.count; v++)
			sum += msi_handled(&fn->msi, v);
	return sum;
}

/* Neither the PF nor another VF sees one of them. */
TEST(igb_vf, every_vector_is_exact)
{
	struct pci_function *vf = next_vf(pci_first());

	SKIP_IF(!vf, "no igb VF: sriov=all enables them");
	for (; vf; vf = next_vf(vf->next)) {
		CHECK_EQ(igb_vectors(igb_vf_of(vf)), VF_VECTORS);
		for (unsigned v = 0; v < VF_VECTORS; v++) {
			uint64_t before = handled_by_everybody();
			struct pci_raised out;

			CHECK_EQ(pci_raise_series(vf, v, RAISES, &out), 0);
			CHECK_EQ(out.handled, RAISES);
			CHECK_EQ(handled_by_everybody() - before, RAISES);
		}
	}
}
