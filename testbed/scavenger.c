/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Keeps the scavenger loaded: prints its name, or why there is none, and ends with its input. */
#include "kernel/scavenger.h"

#include <stdio.h>
#include <string.h>
#include <unistd.h>

int main(void)
{
	struct scavenger *scavenger;
	int err = scavenger_open(&scavenger);
	char byte;

	if (err < 0) {
		fprintf(stderr, "scavenger: %s\n", strerror(-err));
		return 1;
	}
	puts(scavenger_name(scavenger));
	fflush(stdout);
	while (read(STDIN_FILENO, &byte, 1) > 0)
		;
	scavenger_close(scavenger);
	return 0;
}
