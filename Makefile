# SPDX-License-Identifier: Apache-2.0
# `make help` lists the targets and the settings.

PLATFORM ?= riscv-virt
MACHINE  ?= virt
CMD      ?=
BUILD    ?= build
# Where loaders that take the ELF file put it; the flat image runs at any 2 MiB boundary.
LOAD     ?= 0x80200000
V        ?= 0

# The checked flavour has the tests of what only a bug can break; the release flavour is
# what the benchmarks measure. They differ in files: foo_checked.c and foo_release.c.
FLAVOURS := checked release

include platform/$(PLATFORM)/platform.mk
include kernel/arch/$(ARCH)/arch.mk

MAKEFLAGS += --no-builtin-rules --no-print-directory
.SUFFIXES:
.DELETE_ON_ERROR:
Q   := $(if $(filter 0,$(V)),@)
out := $(BUILD)/$(PLATFORM)
# What a platform needs beside the image to boot.
loaders := $(LOADERS:%=$(out)/%)

## all: both flavours of the image (the default)
.PHONY: all
all: $(out)/tocsin.elf $(out)/release/tocsin.elf $(out)/Image $(loaders)

# What is missing on this machine is installed before anything is built: tools/setup says
# first what that is, and SETUP=no stops there. It writes down where newlib and libfdt are.
goals := $(or $(MAKECMDGOALS),all)
ifneq ($(filter-out help clean,$(goals)),)
setup_for := $(ARCH) $(if $(filter check,$(goals)),riscv64 ppc64) build $(if $(filter run bench debug,$(goals)),run) $(filter debug,$(goals)) \
	$(if $(filter check% lint format,$(goals)),run check) $(if $(filter image check%,$(goals)),image)
$(out)/setup.mk: FORCE
	$(Q)tools/setup $(setup_for)
	@mkdir -p $(@D) && touch $(BUILD)/.tocsin-build
	@newlib=$$(tools/build-newlib $(patsubst %-,%,$(CROSS)) \
		$(or $(LIBC_TARGET),$(patsubst %-,%,$(CROSS))) $(LIBC_FLAGS)) && \
	libfdt=$$(tools/get-libfdt) && \
	printf 'NEWLIB := %s\nLIBFDT := %s\n' "$$newlib" "$$libfdt" >$@.new
	@cmp -s $@.new $@ && rm $@.new || mv $@.new $@
include $(out)/setup.mk
endif

CC      := $(CROSS)gcc
OBJCOPY := $(CROSS)objcopy
NM      := $(CROSS)nm

warnings := -Wall -Wextra -Werror -Wshadow -Wstrict-prototypes -Wmissing-prototypes \
	-Wmissing-declarations -Wold-style-definition -Wundef -Wlogical-op -Wduplicated-cond \
	-Wduplicated-branches -Wvla -Wpointer-arith -Wwrite-strings -Wnull-dereference -Wformat=2

# Each of newlib's headers and objects takes the reent of the running hart.
common := $(ARCH_FLAGS) $(SIZE_FLAGS) -fno-omit-frame-pointer \
	-ffunction-sections -fdata-sections \
	-D__DYNAMIC_REENT__
# Small, but with the fast variants of memcpy, memset and their like.
LIBC_FLAGS = -Os -U__OPTIMIZE_SIZE__ $(common) $(ARCH_FP_FLAGS) $(ARCH_LIBC_FLAGS)

# Floating point is libc's and theirs alone.
floating := tests/target/libc.c

# The release image spends no instruction on a frame pointer between a driver's call and its
# vector, and no byte of it in tests: its backtraces lack the first, and end at the function of a
# test that called into the kernel.
hot := apps/bench_set.c kernel/desc.c kernel/irq.c kernel/msi.c kernel/msi_release.c kernel/retire.c \
	kernel/smp.c kernel/vector.c drivers/msi/direct.c drivers/msi/direct_release.c drivers/irqchip/imsic.c \
	drivers/pci/msix.c
# What benches measure is built for speed, all else for size.
fast := $(hot) kernel/ipi.c kernel/lib/format.c kernel/mem.c kernel/storm.c kernel/time.c \
	kernel/trap.c apps/bench% drivers/edu/% drivers/igb/% drivers/irqchip/imsic% drivers/irqchip/xics% drivers/irqchip/xive% drivers/irqchip/papr% drivers/nvme/% \
	drivers/pci/config% drivers/pci/function.c hypervisor/msi%
cold = $(filter-out $(fast) %.S,$(sources))

CFLAGS   = -std=gnu11 -g -O2 $(common) $(warnings) -fno-common
libc_includes ?= -idirafter $(NEWLIB)/include
CPPFLAGS = -I. -Ikernel/arch/$(ARCH)/include -I$(LIBFDT) $(libc_includes)
ASFLAGS  = -g $(ARCH_FLAGS)
LDFLAGS  = $(ARCH_FLAGS) $(ARCH_LDFLAGS) $(PLATFORM_LDFLAGS) -nostdlib -static -T linker/$(ARCH).ld -Wl,--defsym=LOAD_ADDRESS=$(LOAD) -L$(NEWLIB)/lib \
	-Wl,--gc-sections -Wl,--fatal-warnings -Wl,--build-id=none -Wl,-z,max-page-size=4096
LDLIBS   = -Wl,--start-group -lc -lm -lgcc -Wl,--end-group

# The files of a list of words under a folder: word.c, word_*.c, and all of the folder word/.
files_of = $(sort $(foreach w,$2,$(wildcard $(foreach e,c S,$1/$w.$e $1/$w_*.$e $1/$w/*.$e))))

offsets := kernel/arch/$(ARCH)/asm-offsets.c
# Assembly of the platform is linked, but for what is a loader or an image by itself.
by_itself = $(patsubst %,platform/$(PLATFORM)/%.S,$(basename $(LOADERS) $(IMAGES)))
sources := $(filter-out $(offsets) $(LEFT_OUT) $(by_itself),$(wildcard boot/$(ARCH).S kernel/*.c kernel/lib/*.c \
	kernel/libc/*.c kernel/arch/$(ARCH)/*.c kernel/arch/$(ARCH)/*.S platform/*.c \
	platform/$(PLATFORM)/*.c platform/$(PLATFORM)/*.S apps/*.c tests/target/*.c tests/target/arch/$(ARCH).c) \
	$(foreach d,$(DRIVERS),$(or $(call files_of,drivers,$d),$(error platform/$(PLATFORM)/platform.mk: \
	there is no drivers/$d))) $(call files_of,tests/target,$(DRIVERS)))

# file: content, rewritten only when that has changed, so that it can be depended on.
define stamp
	@mkdir -p $(@D)
	@echo '$1' >$@.new
	@cmp -s $@.new $@ && rm $@.new || mv $@.new $@
endef

# $1: objects. Two links: the first has an empty symbol table, the second the one made from the
# first. The table stands behind all code, which therefore stays where it was; that is checked.
define link
	$(call say,LD)
	$(Q)tools/mksyms </dev/null >$(@:.elf=.ksyms0.S)
	$(Q)$(CC) $(ASFLAGS) -c -o $(@:.elf=.ksyms0.o) $(@:.elf=.ksyms0.S)
	$(Q)$(CC) $(LDFLAGS) -o $@.tmp $1 $(@:.elf=.ksyms0.o) $(LDLIBS)
	$(Q)$(NM) -n $@.tmp | tools/mksyms >$(@:.elf=.ksyms.S)
	$(Q)$(CC) $(ASFLAGS) -c -o $(@:.elf=.ksyms.o) $(@:.elf=.ksyms.S)
	$(Q)$(CC) $(LDFLAGS) -Wl,-Map,$(@:.elf=.map) -o $@.tmp $1 $(@:.elf=.ksyms.o) $(LDLIBS)
	$(Q)$(NM) -n $@.tmp | tools/mksyms | cmp - $(@:.elf=.ksyms.S)
	$(Q)mv $@.tmp $@
endef

# $1: flavour. Its folder holds the objects and the ELF.
define flavour
$1_dir     := $(out)/$1
$1_sources := $$(filter-out $$(foreach f,$$(filter-out $1,$$(FLAVOURS)),%_$$f.c),$$(sources))
$1_objects := $$($1_sources:%=$(out)/$1/%.o) \
	$$(patsubst $$(LIBFDT)/%,$(out)/$1/libfdt/%.o,$$(wildcard $$(LIBFDT)/fdt*.c))

$(out)/$1/flags: FORCE
	$$(call stamp,$$(CC) $$(CPPFLAGS) $$(CFLAGS) $$(ASFLAGS) $$(hot) $$(cold) $$(COLD_FLAGS))

# Without it, the image would go on holding what was deleted.
$(out)/$1/objects: FORCE
	$$(call stamp,$$(LDFLAGS) $$(LDLIBS) $$($1_objects))

$(out)/$1/generated/asm-offsets.h: $(offsets) $(out)/$1/flags
	@mkdir -p $$(@D)
	$$(call say,GEN)
	$$(Q)$$(CC) $$(CPPFLAGS) $$(CFLAGS) -MMD -MP -MT $$@ -MF $$(@:.h=.d) -S -o $$(@:.h=.s) $$<
	$$(Q)sed -n 's/^->\([A-Z0-9_]*\) [#$$$$]*\(-\{0,1\}[0-9]*\)$$$$/#define \1 \2/p' $$(@:.h=.s) >$$@

$(out)/$1/%.c.o: %.c $(out)/$1/flags
	@mkdir -p $$(@D)
	$$(call say,CC)
	$$(Q)$$(CC) $$(CPPFLAGS) -Ikernel/flavour/$1 $$(CFLAGS) -MMD -MP -c -o $$@ $$<

$(out)/$1/%.S.o: %.S $(out)/$1/flags $(out)/$1/generated/asm-offsets.h
	@mkdir -p $$(@D)
	$$(call say,AS)
	$$(Q)$$(CC) $$(CPPFLAGS) -I$(out)/$1 $$(ASFLAGS) -MMD -MP -c -o $$@ $$<

# Not our code: its warnings are not ours either.
$(out)/$1/libfdt/%.c.o: $$(LIBFDT)/%.c $(out)/$1/flags
	@mkdir -p $$(@D)
	$$(call say,CC)
	$$(Q)$$(CC) $$(CPPFLAGS) $$(CFLAGS) -w -c -o $$@ $$<

$(out)/$1/tocsin.elf: $$($1_objects) $(out)/$1/objects linker/$(ARCH).ld tools/mksyms
	$$(call link,$$($1_objects))

$$(floating:%=$(out)/$1/%.o): private CFLAGS += $(ARCH_FP_FLAGS)
$$(addprefix $(out)/release/,$$(addsuffix .o,$$(hot) $$(filter tests/%,$$(cold)))): private CFLAGS += -fomit-frame-pointer
$$(cold:%=$(out)/release/%.o): private CFLAGS += -Os $(COLD_FLAGS)
$$(hot:%=$(out)/release/%.o): private CFLAGS += -fno-store-merging

-include $$(patsubst %.o,%.d,$$($1_objects)) $(out)/$1/generated/asm-offsets.d
endef
say = $(if $(Q),@printf '  %-7s %s\n' $1 $(@:$(BUILD)/%=%))
$(foreach f,$(FLAVOURS),$(eval $(call flavour,$f)))

# The hypervisor: the floors below the shell, in release flavour, and hypervisor/ in place of it.
hypervisor_sources := $(if $(HYPERVISOR_DRIVERS),$(filter-out %_checked.c kernel/main.c $(offsets), \
	$(wildcard boot/$(ARCH).S kernel/*.c kernel/lib/*.c kernel/libc/*.c kernel/arch/$(ARCH)/*.c \
	kernel/arch/$(ARCH)/*.S platform/*.c platform/$(PLATFORM)/*.c hypervisor/*.c hypervisor/*.S) \
	$(foreach d,$(HYPERVISOR_DRIVERS),$(call files_of,drivers,$d))))
hypervisor_objects := $(hypervisor_sources:%=$(out)/release/%.o) $(filter $(out)/release/libfdt/%,$(release_objects))
$(out)/tocsin-hv.elf: LOAD := $(HYPERVISOR_LOAD)
$(out)/tocsin-hv.elf: $(hypervisor_objects) $(out)/release/objects linker/$(ARCH).ld tools/mksyms
	$(call link,$(hypervisor_objects))
-include $(patsubst %.o,%.d,$(filter $(out)/release/hypervisor/%,$(hypervisor_objects)))

# A guest that tries what it may not: no part of the kernel, at one address.
$(out)/hostile.elf: $(wildcard tests/hostile/*) kernel/arch/$(ARCH)/include/arch/sbi.h $(out)/release/flags
	$(call say,LD)
	$(Q)$(CC) -std=gnu11 -Os -ffreestanding -fno-common $(ARCH_FLAGS) $(warnings) -Ikernel/arch/$(ARCH)/include \
		-nostdlib -static -Wl,-N -Wl,--no-warn-rwx-segments -Wl,--build-id=none -Wl,-Ttext=0x88000000 -o $@ tests/hostile/start.S tests/hostile/hostile.c

$(out)/tocsin.elf: $(out)/checked/tocsin.elf
	$(Q)cp $< $@

$(out)/Image: $(out)/release/tocsin.elf
	$(call say,OBJCOPY)
	$(Q)$(OBJCOPY) -O binary $< $@

# Firmware of a few instructions that enters the ELF file.
$(out)/%.bin: platform/$(PLATFORM)/%.S
	@mkdir -p $(@D)
	$(call say,AS)
	$(Q)$(CC) $(ASFLAGS) -I. -Ikernel/arch/$(ARCH)/include $(ARCH_LDFLAGS) -nostdlib -static \
		-Wl,--build-id=none -Wl,-Ttext=0 -o $@.elf $<
	$(Q)$(OBJCOPY) -O binary -j .text $@.elf $@

## image: a disk (tocsin.img) and a flash image to boot from; CMD="..." are the disk's boot arguments
.PHONY: image
image: $(out)/Image $(IMAGES:%=$(out)/%) $(loaders)

$(out)/tocsin.img: $(out)/Image tools/mkimage FORCE
	$(call say,DISK)
	$(Q)tools/mkimage $< $@ "$$CMD"

# QEMU takes a flash of exactly this size.
$(out)/pflash.img: platform/$(PLATFORM)/pflash.S $(out)/Image
	$(call say,FLASH)
	$(Q)$(CC) $(ASFLAGS) -Wa,-I,$(out) -nostdlib -Wl,--build-id=none -o $@.elf $<
	$(Q)$(OBJCOPY) -O binary $@.elf $@.new
	$(Q)truncate -s 32M $@.new
	$(Q)mv $@.new $@

# The commands of a person, all through tools/tocsin. CMD and MACHINE reach it as they are,
# through the environment, whatever characters they hold.
export BUILD PLATFORM MACHINE CMD
tocsin = tools/tocsin $1 --platform "$$PLATFORM"

## run: boots MACHINE in QEMU on this terminal; CMD="lspci; irq; poweroff" are boot arguments
.PHONY: run
run: $(out)/tocsin.elf $(loaders)
	@$(call tocsin,run) --cmd "$$CMD" "$$MACHINE"

## check: all tests: lint, host, model, machines
.PHONY: check
check: lint check-host check-model check-faults-quick check-machines check-other-platforms
	@echo 'check: all passed'

## check-host: pure kernel files, tested on this computer under sanitizers
-include tests/host/host.mk

## check-model: the lock-free protocols, as Spin models
-include tests/model/model.mk

## check-faults: faults in copies of the tree, each of which a test must catch
include tests/faults/faults.mk

## check-machines: the harness's own tests, and the image on all machines of tests/machines
.PHONY: check-machines
check-machines: all image
	@$(call tocsin,check)

other_platforms := $(filter-out $(PLATFORM),$(basename $(notdir $(wildcard tests/machines/*.toml))))
.PHONY: check-other-platforms
check-other-platforms:
	@for platform in $(other_platforms); do $(MAKE) PLATFORM=$$platform check-machines || exit 1; done

## bench: measures the release image and compares with docs/performance.md
.PHONY: bench
bench: $(out)/release/tocsin.elf $(loaders)
	@$(call tocsin,bench)

## debug: MACHINE under gdb-multiarch, not yet running (`continue`); `help tocsin` there
GDB_PORT ?= 1234
.PHONY: debug
debug: $(out)/tocsin.elf $(loaders)
	@echo 'The console of the machine goes to $(out)/debug.log'
	@$(call tocsin,run) --cmd "$$CMD" --gdb $(GDB_PORT) "$$MACHINE" </dev/null >$(out)/debug.log 2>&1 & \
	machine=$$!; trap 'kill $$machine 2>/dev/null' EXIT; trap '' INT; \
	gdb-multiarch -q -x tools/gdb/tocsin.py \
		-ex 'target remote localhost:$(GDB_PORT)' -ex 'thbreak kernel_main' $<

## lint: layout, floors, cppcheck, shellcheck
.PHONY: lint
lint:
	@tools/lint

## format: lays out all C files (.clang-format)
.PHONY: format
format:
	@tools/lint --format

## clean: removes what was built here; newlib stays in the user's cache
.PHONY: clean
clean:
	rm -rf $(out) $(BUILD)/host $(BUILD)/model $(BUILD)/logs $(BUILD)/.tocsin-build

## help: this list
.PHONY: help
help:
	@sed -n 's/^## \([a-z-]*\): \(.*\)/  \1\t\2/p' Makefile | expand -t 18
	@printf '\nSettings: MACHINE=%s (tools/tocsin list), PLATFORM=%s, CMD=, BUILD=%s, V=1,\n' \
		'$(MACHINE)' '$(PLATFORM)' '$(BUILD)'
	@echo 'SETUP=no (prints what is missing on this machine, and stops)'

.PHONY: FORCE
FORCE:
