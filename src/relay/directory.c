/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The directory: what the supervisor tells the workers about names, in memory that they share. */
#include "relay/directory.h"

#include "base/turns.h"

#include <sys/mman.h>

/*
 * Theory of operation. Workers open no files, so the supervisor reads resolv.conf and hosts for
 * them. There are two pages, in turn (turns.h). Files change rarely: most calls end with one
 * comparison.
 */

#define ATTEMPTS 3 /* after that the next lookup will find it */

struct directory *directory_new(void)
{
	struct directory *directory = mmap(NULL, sizeof(*directory), PROT_READ | PROT_WRITE,
					   MAP_SHARED | MAP_ANONYMOUS, -1, 0);

	return directory == MAP_FAILED ? NULL : directory;
}

void directory_free(struct directory *directory)
{
	if (directory)
		munmap(directory, sizeof(*directory));
}

struct directory_page *directory_draft(struct directory *directory)
{
	return &directory->page[turns_free(&directory->version)];
}

void directory_publish(struct directory *directory)
{
	turns_publish(&directory->version);
}

const struct directory_page *directory_current(const struct directory *directory)
{
	return &directory->page[turns_begin(&directory->version) % 2];
}

bool directory_read(const struct directory *directory, uint32_t *version,
		    struct directory_page *copy)
{
	for (int i = 0; i < ATTEMPTS; i++) {
		uint32_t now = turns_begin(&directory->version);
		const struct directory_page *page = &directory->page[now % 2];

		if (now == *version)
			return false;
		copy->resolv = page->resolv;
		hosts_copy(&copy->hosts, &page->hosts);
		if (turns_hold(&directory->version, now)) {
			*version = now;
			return true;
		}
	}
	return false;
}
