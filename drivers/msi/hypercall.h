/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include "kernel/msi.h"

/*
 * What backends share whose hypervisor owns the functions' MSI registers: it is asked once for
 * all vectors of a function, writes the messages itself, and names a source number for each.
 * In the terms of PAPR (LoPAR, "ibm,change-msi", "ibm,query-interrupt-source-number").
 * Thread context all of it; mask and unmask are the source controller's.
 */

/* The first word that a call answers. */
enum {
	PAPR_SUCCESS = 0,
	PAPR_HARDWARE_ERROR = -1,
	PAPR_BUSY = -2,
	PAPR_PARAMETER_ERROR = -3,
	PAPR_EXTENDED_BUSY_FIRST = 9900, /* wait 10^n ms for 9900 + n */
	PAPR_EXTENDED_BUSY_LAST = 9905,
};

enum change_function {
	CHANGE_ANY = 1,   /* MSI or MSI-X */
	CHANGE_RESET = 2, /* back to what the platform gives each function; aborts a busy request */
	CHANGE_MSI = 3,
	CHANGE_MSIX = 4,
	CHANGE_MSI32 = 5,
};

struct change_answer {
	uint32_t granted;
	uint32_t next_sequence;
};

/* One hypervisor's calls, each made once and answered with its raw status. */
struct msi_hypervisor {
	const char *name;
	int32_t (*change)(const struct msi_function *fn, enum change_function function,
			  uint32_t count, uint32_t sequence, struct change_answer *answer);
	int32_t (*query)(const struct msi_function *fn, unsigned i, uint32_t *source);
	void (*delay_ms)(uint32_t ms);
	const struct msi_source_domain *sources;
};

/*
 * One request until it is answered: repeats a busy one with the next sequence number after the
 * wait that it names. 0 with *granted <= count; -ENOSPC (no sources left), -ENODEV (not this
 * function, or not this type), -EAGAIN (busy for too long: aborted), -EIO. Holds nothing but after 0.
 */
int change_msi(const struct msi_hypervisor *hv, const struct msi_function *fn,
	       enum change_function function, unsigned count, unsigned *granted);
/*
 * Between min and max vectors, of which a power of two for plain MSI; the number held, or -errno
 * and none. A hypervisor may say success, grant fewer and hold none: it is asked again for those.
 * One that grants all or nothing is asked for half.
 */
int change_msi_set(const struct msi_hypervisor *hv, const struct msi_function *fn,
		   enum msi_type type, unsigned min, unsigned max);
/* Gives all up. The platform's own share of vectors is kept, where it can say so (CHANGE_RESET). */
void change_msi_release(const struct msi_hypervisor *hv, const struct msi_function *fn,
			enum msi_type type);

/* The members of struct msi_ops, for a hypervisor. */
int hypercall_query(const struct msi_hypervisor *hv, const struct msi_function *fn,
		    enum msi_type type);
int hypercall_alloc(const struct msi_hypervisor *hv, struct msi_function *fn, enum msi_type type,
		    unsigned min, unsigned max, const uint16_t *wish);
void hypercall_free(const struct msi_hypervisor *hv, struct msi_function *fn);
int hypercall_enable(const struct msi_hypervisor *hv, struct msi_function *fn);
void hypercall_disable(struct msi_function *fn);
int hypercall_resume(const struct msi_hypervisor *hv, struct msi_function *fn);
