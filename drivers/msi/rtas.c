// SPDX-License-Identifier: Apache-2.0
/*
 * Backend `rtas`: the hypervisor of a logical partition owns the functions' MSI registers (Power
 * Architecture Platform Reference, "ibm,change-msi", "ibm,query-interrupt-source-number").
 */
#include "drivers/msi/hypercall.h"
#include "kernel/time.h"
#include "platform/pseries/phb.h"
#include "platform/pseries/rtas.h"
#include "platform/pseries/sources.h"

/* The type of the grant is a fourth result, from function 3 on; QEMU writes it in any case. */
#define CHANGE_RETS 4
#define QUERY_RETS  3

static uint32_t change_token, query_token;

static int32_t change(const struct msi_function *fn, enum change_function function, uint32_t count,
		      uint32_t sequence, struct change_answer *answer)
{
	const struct rtas_phb *phb = fn->firmware;
	const uint32_t args[] = { rtas_config_address(fn->rid, 0),
				  phb->buid_hi,
				  phb->buid_lo,
				  function,
				  count,
				  sequence };
	uint32_t rets[CHANGE_RETS] = { 0 };
	int32_t status = rtas_call(change_token, ARRAY_SIZE(args), args, CHANGE_RETS, rets);

	answer->granted = rets[1];
	answer->next_sequence = rets[2];
	return status;
}

static int32_t query_source(const struct msi_function *fn, unsigned i, uint32_t *source)
{
	const struct rtas_phb *phb = fn->firmware;
	const uint32_t args[] = { rtas_config_address(fn->rid, 0), phb->buid_hi, phb->buid_lo, i };
	uint32_t rets[QUERY_RETS] = { 0 };
	int32_t status = rtas_call(query_token, ARRAY_SIZE(args), args, QUERY_RETS, rets);

	*source = rets[1];
	return status;
}

static struct msi_hypervisor hypervisor = {
	.name = "rtas",
	.change = change,
	.query = query_source,
	.delay_ms = time_sleep_ms,
};

/* Asked when host bridges are scanned: the controller of sources has come up before. */
static bool available(const struct msi_function *fn)
{
	change_token = rtas_token("ibm,change-msi");
	query_token = rtas_token("ibm,query-interrupt-source-number");
	hypervisor.sources = pseries_sources();
	return fn->firmware && hypervisor.sources && change_token != RTAS_NO_TOKEN &&
	       query_token != RTAS_NO_TOKEN;
}

static int query(struct msi_function *fn, enum msi_type type)
{
	return hypercall_query(&hypervisor, fn, type);
}

static int alloc(struct msi_function *fn, enum msi_type type, unsigned min, unsigned max,
		 const uint16_t *wish)
{
	return hypercall_alloc(&hypervisor, fn, type, min, max, wish);
}

static int enable(struct msi_function *fn)
{
	return hypercall_enable(&hypervisor, fn);
}

static int resume(struct msi_function *fn)
{
	return hypercall_resume(&hypervisor, fn);
}

static void free_set(struct msi_function *fn)
{
	hypercall_free(&hypervisor, fn);
}

TABLE_ENTRY(struct msi_ops, msi_backend, 5, rtas) = {
	.name = "rtas",
	.rating = 2,
	.owner = "the hypervisor's",
	.available = available,
	.query = query,
	.alloc = alloc,
	.free = free_set,
	.enable = enable,
	.disable = hypercall_disable,
	.resume = resume,
};
