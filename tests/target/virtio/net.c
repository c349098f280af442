// SPDX-License-Identifier: Apache-2.0
#include "drivers/virtio/net.h"

#include <errno.h>
#include <string.h>

#include "kernel/time.h"
#include "platform/platform.h"
#include "tests/target/test.h"
#include "tests/target/virtio/find.h"

#define FRAMES  100
#define WAIT_MS 5000

static bool is_net(const struct pci_function *fn)
{
	return virtio_net_of(fn);
}

/* Frames on their way, and how often the vectors at both ends have to have run by then. */
struct path {
	struct pci_function *from, *to;
	uint64_t tx, rx;
	int bytes; /* of what came */
	uint8_t out[VIRTIO_NET_MAX_FRAME], in[VIRTIO_NET_MAX_FRAME];
};

static uint64_t tx_handled(const struct path *path)
{
	return msi_handled(&path->from->msi, virtio_net_tx_vector(virtio_net_of(path->from)));
}

static uint64_t rx_handled(const struct path *path)
{
	return msi_handled(&path->to->msi, virtio_net_rx_vector(virtio_net_of(path->to)));
}

static bool arrived(void *arg)
{
	struct path *path = arg;

	path->bytes = virtio_net_receive(virtio_net_of(path->to), path->in, sizeof(path->in));
	return path->bytes >= 0;
}

static bool counted(void *arg)
{
	const struct path *path = arg;

	return tx_handled(path) >= path->tx && rx_handled(path) >= path->rx;
}

/* Nothing is left of what others have sent. */
static struct path *begin(struct pci_function *from, struct pci_function *to)
{
	static struct path path;

	path.from = from;
	path.to = to;
	while (time_wait(arrived, &path, 10))
		;
	path.tx = tx_handled(&path);
	path.rx = rx_handled(&path);
	return &path;
}

/* Sends one and waits for what comes, and for both interrupts. */
static bool pass(struct path *path, unsigned bytes, unsigned seed)
{
	struct virtio_net *net = virtio_net_of(path->from);

	memset(path->out, 0xff, VIRTIO_NET_MAC_BYTES);
	memcpy(path->out + VIRTIO_NET_MAC_BYTES, virtio_net_mac(net), VIRTIO_NET_MAC_BYTES);
	/* The EtherType of local experiments (IEEE 802). */
	path->out[12] = 0x88;
	path->out[13] = 0xb5;
	for (unsigned i = VIRTIO_NET_MIN_FRAME; i < bytes; i++)
		path->out[i] = (uint8_t)(seed + i);
	path->tx++;
	path->rx++;
	return !virtio_net_send(net, path->out, bytes) && time_wait(arrived, path, WAIT_MS) &&
	       path->bytes == (int)bytes && time_wait(counted, path, WAIT_MS);
}

/* Not one interrupt more, also a moment later. */
static bool exact(const struct path *path)
{
	time_sleep_ms(2);
	return tx_handled(path) == path->tx && rx_handled(path) == path->rx;
}

static bool one_way(struct pci_function *from, struct pci_function *to)
{
	static const uint16_t sizes[] = { 60, VIRTIO_NET_MAX_FRAME, 61, 1000 };
	struct path *path = begin(from, to);

	for (unsigned i = 0; i < FRAMES; i++) {
		unsigned bytes = sizes[i % ARRAY_SIZE(sizes)];

		if (!pass(path, bytes, i) || memcmp(path->in, path->out, bytes))
			return false;
	}
	return exact(path);
}

TEST(virtio, net_frames_pass_both_ways)
{
	struct pci_function *a = virtio_nth(is_net, 0), *b = virtio_nth(is_net, 1);

	SKIP_IF(!b, "no two virtio NICs (on one hub)");
	CHECK(one_way(a, b) && one_way(b, a));
}

/* More than there are buffers, and nobody takes them: some are lost, none is torn, and it goes on. */
TEST(virtio, net_survives_a_flood)
{
	struct pci_function *a = virtio_nth(is_net, 0), *b = virtio_nth(is_net, 1);
	struct path *path;

	SKIP_IF(!b, "no two virtio NICs (on one hub)");
	path = begin(a, b);
	for (int i = 0; i < FRAMES; i++) {
		memset(path->out, i, 60);
		while (virtio_net_send(virtio_net_of(a), path->out, 60) == -EAGAIN)
			time_sleep_ms(1);
	}
	CHECK(time_wait(arrived, path, WAIT_MS));
	do
		CHECK(path->bytes == 60 && path->in[0] == path->in[59]);
	while (time_wait(arrived, path, 10));
	CHECK(one_way(a, b));
}

TEST(virtio, net_bad_lengths_are_refused)
{
	static uint8_t frame[VIRTIO_NET_MAX_FRAME + 1];
	struct pci_function *fn = virtio_nth(is_net, 0);

	SKIP_IF(!fn, "no virtio NIC");
	CHECK(virtio_net_send(virtio_net_of(fn), frame, VIRTIO_NET_MIN_FRAME - 1) == -EINVAL &&
	      virtio_net_send(virtio_net_of(fn), frame, VIRTIO_NET_MAX_FRAME + 1) == -EINVAL);
}

/* The peer of tests/harness/machine/test_virtio.py sends each frame back with its payload inverted. */
TEST(virtio, net_peer_answers)
{
	const char *name = platform_setting("net.peer", NULL);
	struct pci_function *fn = name ? pci_find(name) : NULL;
	struct path *path;

	SKIP_IF(!fn || !is_net(fn),
		"no virtio NIC has a peer that answers (setting net.peer=bb:dd.f)");
	path = begin(fn, fn);
	for (unsigned n = 0; n < 20; n++) {
		CHECK(pass(path, 60, n));
		for (unsigned i = VIRTIO_NET_MIN_FRAME; i < 60; i++)
			CHECK((path->in[i] ^ path->out[i]) == 0xff);
	}
	CHECK(exact(path));
}
