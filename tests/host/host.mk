# SPDX-License-Identifier: Apache-2.0
# The host tier: each tests/host/test_*.c is one program for the machine that builds. Its
# first lines name what goes into it, so that a new test edits nothing else:
#	// SOURCES: kernel/vector.c drivers/...    kernel files under test (several lines may stand)
#	// SANITIZE: thread                        instead of address,undefined
#	// CFLAGS: -DNAME=...                      anything else
#	// LIBS: -lfdt                             libraries beside cmocka

HOST_CC       ?= gcc
host_dir      := $(BUILD)/host
host_tests    := $(patsubst tests/host/%.c,%,$(sort $(wildcard tests/host/test_*.c)))
host_common   := tests/host/host_support.c tests/host/fake_mmio.c
host_cppflags := -I. -Ikernel/arch/host/include -Ikernel/flavour/release
host_cflags   := -std=gnu11 -g -O1 -Wall -Wextra -Werror -Wshadow -Wstrict-prototypes \
	-Wmissing-prototypes -Wundef -fno-omit-frame-pointer -fno-sanitize-recover=all -pthread
host_tag       = $(shell sed -n 's,^// $2: *,,p' tests/host/$1.c)
comma         := ,

.PHONY: check-host
check-host: $(host_tests:%=$(host_dir)/%)
	@tests/host/run $(host_dir) $(host_tests)

define host_program
$1_flags   := -fsanitize=$(or $(call host_tag,$1,SANITIZE),address$(comma)undefined) \
	$(call host_tag,$1,CFLAGS)
$1_objects := $(patsubst %.c,$(host_dir)/$1.o/%.o,tests/host/$1.c \
	$(call host_tag,$1,SOURCES) $(host_common))
$(host_dir)/$1.o/%.o: %.c tests/host/host.mk
	@mkdir -p $$(@D)
	@$(HOST_CC) $(host_cppflags) $(host_cflags) $$($1_flags) -MMD -MP -c -o $$@ $$<
$(host_dir)/$1: $$($1_objects)
	@echo '  HOSTLD  $1'
	@$(HOST_CC) $(host_cflags) $$($1_flags) -o $$@ $$^ -lcmocka $(call host_tag,$1,LIBS)
-include $$($1_objects:.o=.d)
endef
$(foreach t,$(host_tests),$(eval $(call host_program,$t)))
