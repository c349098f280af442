// SPDX-License-Identifier: Apache-2.0
// SOURCES: apps/sha256.c
#include "tests/host/cmocka_test.h"

#include <stdio.h>
#include <string.h>

#include "apps/sha256.h"
#include "kernel/lib/bits.h"

/* 32 bytes of digest as text. */
static const char *hex(struct sha256 *sha)
{
	static char text[2 * SHA256_BYTES + 1];
	uint8_t digest[SHA256_BYTES];

	sha256_final(sha, digest);
	for (unsigned i = 0; i < SHA256_BYTES; i++)
		sprintf(text + 2 * i, "%02x", digest[i]);
	return text;
}

/* NIST's examples for SHA-256, and the empty message. */
static void vectors(void **state)
{
	static const struct {
		const char *message, *digest;
	} in[] = {
		{ "", "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855" },
		{ "abc", "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad" },
		{ "abcdbcdecdefdefgefghfghighijhijkijkljklmklmnlmnomnopnopq",
		  "248d6a61d20638b8e5c026930c3e6039a33ce45964ff2167f6ecedd419db06c1" },
		{ "abcdefghbcdefghicdefghijdefghijkefghijklfghijklmghijklmnhijklmnoijklmnopjklmnopq"
		  "klmnopqrlmnopqrsmnopqrstnopqrstu",
		  "cf5b16a778af8380036ce59e7b0492370b249b11e8f07a51afac45037afee9d1" },
	};

	(void)state;
	for (unsigned i = 0; i < ARRAY_SIZE(in); i++) {
		struct sha256 sha;

		sha256_init(&sha);
		sha256_update(&sha, in[i].message, strlen(in[i].message));
		assert_string_equal(hex(&sha), in[i].digest);
	}
}

static void million_a(void **state)
{
	struct sha256 sha;
	char a[1000];

	(void)state;
	memset(a, 'a', sizeof(a));
	sha256_init(&sha);
	for (unsigned i = 0; i < 1000; i++)
		sha256_update(&sha, a, sizeof(a));
	assert_string_equal(hex(&sha),
			    "cdc76e5c9914fb9281a1c7e284d73e67f1809a48a497200e046d39ccc7112cd0");
}

/*
 * Every length around the padding's edges, in pieces of every size: as in one piece. The
 * digest of all their digests, as text, is that of another implementation.
 */
static void pieces(void **state)
{
	struct sha256 all;
	uint8_t data[200];

	(void)state;
	sha256_init(&all);
	for (unsigned i = 0; i < sizeof(data); i++)
		data[i] = (uint8_t)(i * 7);
	for (unsigned len = 0; len <= sizeof(data); len++) {
		char whole[2 * SHA256_BYTES + 1];
		struct sha256 sha;

		sha256_init(&sha);
		sha256_update(&sha, data, len);
		strcpy(whole, hex(&sha));
		sha256_update(&all, whole, strlen(whole));
		for (unsigned piece = 1; piece <= 70; piece++) {
			sha256_init(&sha);
			for (unsigned at = 0; at < len; at += piece)
				sha256_update(&sha, data + at, MIN(piece, len - at));
			assert_string_equal(hex(&sha), whole);
		}
	}
	assert_string_equal(hex(&all),
			    "020088e9c26b95faf20594b4a5301fc5493cad4e2e0e002a0233825ae81dbd5f");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(vectors),
		cmocka_unit_test(million_a),
		cmocka_unit_test(pieces),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
