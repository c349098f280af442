// SPDX-License-Identifier: Apache-2.0
#include "hypervisor/msi.h"

#include <errno.h>

#include "arch/barrier.h"
#include "arch/cpu.h"
#include "hypervisor/guest.h"
#include "hypervisor/msi_write.h"

#define VERSION     0x0100
#define MAX_ENTRIES 2048 /* PCIe Base Specification, "Message Control Register for MSI-X" */
#define NOT_TAKEN   -1   /* value of FAILED: the function's registers did not take it */

static struct sbiret answer(long error, long value)
{
	return (struct sbiret){ .error = error, .value = value };
}

static void take(struct hv_msi *m)
{
	/* acquire, with the release in drop(): of a few register accesses of one function */
	while (atomic_exchange_explicit(&m->lock, 1, memory_order_acquire))
		cpu_relax();
	barrier_acquire_to_device();
}

static void drop(struct hv_msi *m)
{
	barrier_write_before_release();
	atomic_store_explicit(&m->lock, 0, memory_order_release);
}

/* --- change --- */

static unsigned supported(const struct hv_msi *m, unsigned long type)
{
	const struct msi_function *msi = &m->pci->msi;

	return type == SBI_MSI_TYPE_MSIX ? msi->msix_count : msi->msi_count;
}

/* As many of the n as there may be; of plain MSI a power of two. */
static unsigned grantable(const struct hv_msi *m, unsigned long type, unsigned n)
{
	unsigned k = MIN(n, m->quota);

	return k && type == SBI_MSI_TYPE_MSI ? 1u << log2_floor(k) : k;
}

/* Where it leads; false: the identity, or the hart, is not the guest's. */
static bool resolve(const struct guest *guest, unsigned max_identity, struct hv_msi_entry *entry)
{
	unsigned identity = FIELD_GET(SBI_MSI_ENTRY_EIID, entry->place);

	return identity && identity <= max_identity &&
	       guest_msi_target(guest, FIELD_GET(SBI_MSI_ENTRY_HART, entry->place),
				&entry->address);
}

/* Each index once: they count up. */
static bool msix_ok(const struct hv_msi *m, const struct hv_msi_entry *entry, unsigned i)
{
	return FIELD_GET(SBI_MSI_ENTRY_INDEX, entry->place) < m->pci->msi.msix_count &&
	       (!i || hv_msi_index(entry) > hv_msi_index(entry - 1));
}

/* The function has one address, and puts the number into the low bits of its data. */
static bool msi_ok(const struct hv_msi *m, const struct hv_msi_entry *entry, unsigned i, unsigned n)
{
	uint64_t first = m->spare[0].place;

	return entry->place == hv_msi_of_block(first, i) &&
	       !FIELD_GET(SBI_MSI_ENTRY_INDEX, first) &&
	       FIELD_GET(SBI_MSI_ENTRY_EIID, first) % n == 0 &&
	       entry->address <= m->pci->msi.address_limit;
}

/* The guest may write to the array meanwhile: each entry is one load. n, or the first that is wrong. */
static unsigned copy(const struct guest *guest, struct hv_msi *m, unsigned long type,
		     const uint64_t *array, unsigned n)
{
	unsigned max_identity = guest_max_identity(guest);

	for (unsigned i = 0; i < n; i++) {
		struct hv_msi_entry *entry = &m->spare[i];

		entry->place = __atomic_load_n(&array[i], __ATOMIC_RELAXED);
		if (!resolve(guest, max_identity, entry) ||
		    !(type == SBI_MSI_TYPE_MSIX ? msix_ok(m, entry, i) : msi_ok(m, entry, i, n)))
			return i;
	}
	return n;
}

static struct sbiret replace(struct hv_msi *m, unsigned long type, unsigned n)
{
	struct hv_msi_entry *old = m->entries;

	if (!(type == SBI_MSI_TYPE_MSIX ? hv_msi_program_msix : hv_msi_program_msi)(m, n)) {
		hv_msi_stop(m);
		return answer(SBI_ERR_FAILED, NOT_TAKEN);
	}
	m->entries = m->spare;
	m->spare = old;
	m->type = (uint8_t)type;
	m->n = (uint16_t)n;
	return answer(SBI_SUCCESS, (long)n);
}

/* bdf, type, min, n, array */
static struct sbiret change(struct guest *guest, struct hv_msi *m, const unsigned long *args)
{
	unsigned long type = args[1], min = args[2], n = args[3];
	const uint64_t *array;
	unsigned k;

	if (type == SBI_MSI_TYPE_NONE) {
		hv_msi_stop(m);
		return answer(SBI_SUCCESS, 0);
	}
	if (type > SBI_MSI_TYPE_MSIX)
		return answer(SBI_ERR_INVALID_PARAM, 0);
	if (!supported(m, type))
		return answer(SBI_ERR_NOT_SUPPORTED, 0);
	if (!min || min > n || n > supported(m, type) ||
	    (type == SBI_MSI_TYPE_MSI && !is_power_of_two((unsigned)n)))
		return answer(SBI_ERR_INVALID_PARAM, 0);
	array = guest_array(guest, args[4], n * sizeof(*array));
	if (!array)
		return answer(SBI_ERR_INVALID_ADDRESS, 0);
	k = copy(guest, m, type, array, (unsigned)n);
	if (k < n)
		return answer(SBI_ERR_INVALID_PARAM, (long)k);
	k = grantable(m, type, (unsigned)n);
	return k < min ? answer(SBI_ERR_FAILED, (long)k) : replace(m, type, k);
}

/* --- a message of a set --- */

/* NULL: not granted */
static struct hv_msi_entry *find(struct hv_msi *m, unsigned long index)
{
	unsigned low = 0, high = m->n;

	/* Most sets have no gaps. */
	if (index < m->n && hv_msi_index(&m->entries[index]) == index)
		return &m->entries[index];
	while (low < high) {
		unsigned mid = (low + high) / 2;

		if (hv_msi_index(&m->entries[mid]) == index)
			return &m->entries[mid];
		if (hv_msi_index(&m->entries[mid]) < index)
			low = mid + 1;
		else
			high = mid;
	}
	return NULL;
}

static struct sbiret move_block(struct hv_msi *m, struct hv_msi_entry *to, unsigned max_identity)
{
	unsigned first = FIELD_GET(SBI_MSI_ENTRY_EIID, to->place);
	int rc;

	to->place &= ~HV_MSI_ENTRY_MASKED;
	if (first % m->n || first + m->n - 1u > max_identity ||
	    to->address > m->pci->msi.address_limit)
		return answer(SBI_ERR_INVALID_PARAM, 0);
	rc = hv_msi_move_messages(m, to);
	if (rc == -EOPNOTSUPP)
		return answer(SBI_ERR_NOT_SUPPORTED, 0);
	return rc ? answer(SBI_ERR_FAILED, NOT_TAKEN) : answer(SBI_SUCCESS, 0);
}

/* bdf, index, hart, eiid */
static struct sbiret set_affinity(struct guest *guest, struct hv_msi *m, const unsigned long *args)
{
	struct hv_msi_entry *entry = find(m, args[1]), to;
	unsigned max_identity = guest_max_identity(guest);

	if (!entry || args[2] > UINT32_MAX || args[3] > UINT16_MAX ||
	    (m->type == SBI_MSI_TYPE_MSI && args[1]))
		return answer(SBI_ERR_INVALID_PARAM, 0);
	to.place = FIELD_PREP(SBI_MSI_ENTRY_EIID, args[3]) |
		   FIELD_PREP(SBI_MSI_ENTRY_HART, args[2]) | (entry->place & SBI_MSI_ENTRY_INDEX);
	if (!resolve(guest, max_identity, &to))
		return answer(SBI_ERR_INVALID_PARAM, 0);
	if (m->type == SBI_MSI_TYPE_MSI)
		return move_block(m, &to, max_identity);
	return hv_msi_move_entry(m, entry, &to) ? answer(SBI_SUCCESS, 0)
						: answer(SBI_ERR_FAILED, NOT_TAKEN);
}

static void mask_entry(struct hv_msi *m, struct hv_msi_entry *entry, bool on)
{
	entry->place = (entry->place & ~HV_MSI_ENTRY_MASKED) | (on ? HV_MSI_ENTRY_MASKED : 0);
	if (m->type == SBI_MSI_TYPE_MSIX)
		hv_msi_write_mask(m, entry, on);
}

/* bdf, first, n, on */
static struct sbiret mask(struct hv_msi *m, const unsigned long *args)
{
	struct msi_function *msi = &m->pci->msi;
	unsigned long n = args[2];

	if (!n || n > m->n || args[3] > 1 || args[1] >= MAX_ENTRIES)
		return answer(SBI_ERR_INVALID_PARAM, 0);
	for (unsigned long i = 0; i < n; i++)
		if (!find(m, args[1] + i))
			return answer(SBI_ERR_INVALID_PARAM, 0);
	if (m->type == SBI_MSI_TYPE_MSI && !msi->msi_ops->can_mask(msi))
		return answer(SBI_ERR_NOT_SUPPORTED, 0);
	for (unsigned long i = 0; i < n; i++)
		mask_entry(m, find(m, args[1] + i), args[3]);
	if (m->type == SBI_MSI_TYPE_MSI)
		msi->msi_ops->mask_all(msi, hv_msi_masked(m));
	else
		hv_msi_flush_table(m);
	return answer(SBI_SUCCESS, 0);
}

/* bdf, index */
static struct sbiret get(struct hv_msi *m, const unsigned long *args)
{
	const struct msi_function_ops *ops =
		m->type == SBI_MSI_TYPE_MSIX ? m->pci->msi.msix_ops : m->pci->msi.msi_ops;
	const struct hv_msi_entry *entry = find(m, args[1]);
	struct msi_msg want, is;
	uint64_t value;

	if (!entry)
		return answer(SBI_ERR_INVALID_PARAM, 0);
	ops->read_msg(&m->pci->msi, (unsigned)args[1], &is);
	want = hv_msi_message(entry);
	if (is.address != want.address || is.data != want.data)
		return answer(SBI_ERR_FAILED, NOT_TAKEN);
	value = FIELD_PREP(SBI_MSI_GET_EIID, (uint64_t)want.data) |
		FIELD_PREP(SBI_MSI_GET_HART, FIELD_GET(SBI_MSI_ENTRY_HART, entry->place));
	if (entry->place & HV_MSI_ENTRY_MASKED)
		value |= SBI_MSI_GET_MASKED;
	if (ops->pending(&m->pci->msi, (unsigned)args[1]))
		value |= SBI_MSI_GET_PENDING;
	return answer(SBI_SUCCESS, (long)value);
}

/* bdf, type */
static struct sbiret query(struct hv_msi *m, const unsigned long *args)
{
	unsigned long type = args[1];
	unsigned n;

	if (type != SBI_MSI_TYPE_MSI && type != SBI_MSI_TYPE_MSIX)
		return answer(SBI_ERR_INVALID_PARAM, 0);
	n = supported(m, type);
	if (!n)
		return answer(SBI_ERR_NOT_SUPPORTED, 0);
	return answer(SBI_SUCCESS,
		      (long)(FIELD_PREP(SBI_MSI_QUERY_SUPPORTED, (uint64_t)n) |
			     FIELD_PREP(SBI_MSI_QUERY_QUOTA, (uint64_t)grantable(m, type, n)) |
			     FIELD_PREP(SBI_MSI_QUERY_GRANTED, (uint64_t)m->n) |
			     FIELD_PREP(SBI_MSI_QUERY_TYPE, (uint64_t)m->type)));
}

static struct sbiret info(const struct guest *guest)
{
	return answer(SBI_SUCCESS,
		      (long)(VERSION | FIELD_PREP(SBI_MSI_INFO_ENTRIES, (uint64_t)MAX_ENTRIES) |
			     FIELD_PREP(SBI_MSI_INFO_IDS, (uint64_t)guest_max_identity(guest))));
}

static struct sbiret locked_call(struct guest *guest, struct hv_msi *m, unsigned long fid,
				 const unsigned long *args)
{
	switch (fid) {
	case SBI_MSI_QUERY:
		return query(m, args);
	case SBI_MSI_CHANGE:
		return change(guest, m, args);
	case SBI_MSI_MASK:
		return mask(m, args);
	case SBI_MSI_SET_AFFINITY:
		return set_affinity(guest, m, args);
	default:
		return get(m, args);
	}
}

struct sbiret hv_msi_call(struct guest *guest, unsigned long fid, const unsigned long args[5])
{
	struct sbiret ret;
	struct hv_msi *m;

	if (fid == SBI_MSI_INFO)
		return info(guest);
	if (fid > SBI_MSI_GET)
		return answer(SBI_ERR_NOT_SUPPORTED, 0);
	m = args[0] <= UINT32_MAX ? guest_msi(guest, (uint32_t)args[0]) : NULL;
	/* Absent or another's: the guest is not told which. */
	if (!m)
		return answer(SBI_ERR_DENIED, 0);
	take(m);
	ret = locked_call(guest, m, fid, args);
	drop(m);
	return ret;
}

int hv_msi_init(struct hv_msi *m, struct pci_function *pci, struct hv_msi_entry *room)
{
	struct msi_function *msi = &pci->msi;

	*m = (struct hv_msi){
		.pci = pci,
		.quota = UINT16_MAX,
		.entries = room,
		.spare = room + hv_msi_room(pci) / 2,
	};
	/* Every entry is masked once; later calls keep account of those that are not. */
	if (msi->msix_ops && msi->msix_ops->prepare(msi, 0))
		return -EIO;
	hv_msi_stop(m);
	return 0;
}

void hv_msi_reset(struct hv_msi *m)
{
	take(m);
	m->type = SBI_MSI_TYPE_NONE;
	m->n = m->stale = 0;
	drop(m);
}
