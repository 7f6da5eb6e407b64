/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Keeps the scavenger loaded: prints its name, or why there is none, and ends with its input. With
 * "events" as its argument it tells of the ways that yield, and what is known of them. */
#include "kernel/scavenger.h"

#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

static void on_yield(void *owner, const struct address *local, const struct address *remote,
		     uint64_t until_ms)
{
	char from[ADDRESS_TEXT_BYTES], to[ADDRESS_TEXT_BYTES];
	struct scavenger_path path = {0};

	scavenger_look(owner, local, remote, &path);
	printf("%s to %s until %llu: base %u us, queue %u us, capacity %llu, rate %llu, others "
	       "%llu bytes/s, %llu yields, %llu ms\n",
	       address_format(local, from), address_format(remote, to),
	       (unsigned long long)until_ms, path.base_us, path.queue_us,
	       (unsigned long long)path.capacity, (unsigned long long)path.rate,
	       (unsigned long long)path.others, (unsigned long long)path.yields,
	       (unsigned long long)path.yielded_ms);
	fflush(stdout);
}

int main(int argc, char **argv)
{
	struct pollfd fds[] = {{.fd = STDIN_FILENO, .events = POLLIN}, {.events = POLLIN}};
	struct scavenger *scavenger;
	int err = scavenger_open(&scavenger);

	if (err < 0) {
		fprintf(stderr, "scavenger: %s\n", strerror(-err));
		return 1;
	}
	puts(scavenger_name(scavenger));
	fflush(stdout);
	fds[1].fd = argc > 1 && strcmp(argv[1], "events") == 0 ? scavenger_fd(scavenger) : -1;
	while (poll(fds, 2, -1) > 0 && !fds[0].revents)
		if (fds[1].revents)
			scavenger_read(scavenger, on_yield, scavenger);
	scavenger_close(scavenger);
	return 0;
}
