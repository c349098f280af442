// SPDX-License-Identifier: Apache-2.0
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "apps/command.h"
#include "apps/words.h"
#include "drivers/pci/hotplug.h"
#include "kernel/console.h"
#include "kernel/smp.h"
#include "platform/platform.h"

#define PROMPT         "tocsin> "
#define LINE_MAX_BYTES 16384

static bool failed;
static unsigned home;

bool shell_failed(void)
{
	return failed;
}

unsigned shell_hart(void)
{
	return home;
}

static int run_all(char *line, char **argv)
{
	int rc = 0;

	while (*line) {
		int argc = words_split(&line, argv);

		pci_hotplug_poll();
		if (argc < 0)
			rc |= command_error("a quote is not closed");
		else if (argc)
			rc |= command_run(argc, argv);
		/* At once: a poweroff later in the line reports it. */
		failed |= rc != 0;
		fflush(stdout);
	}
	return rc;
}

int shell_run(const char *line)
{
	size_t len = strlen(line);
	char *copy = malloc(len + 1);
	char **argv = malloc((len / 2 + 2) * sizeof(*argv));
	int rc;

	if (copy && argv)
		rc = run_all(memcpy(copy, line, len + 1), argv);
	else
		rc = command_error("no memory for a line of %zu bytes", len);
	free(copy);
	free(argv);
	return rc;
}

void shell_main(void)
{
	static char line[LINE_MAX_BYTES];

	console_set_idle(pci_hotplug_poll);
	home = smp_index();
	shell_run(platform_commands());
	for (;;) {
		console_read_line(PROMPT, line, sizeof(line));
		shell_run(line);
	}
}
