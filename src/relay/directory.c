/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The directory: what the supervisor tells the workers about names, in memory that they share. */
#include "relay/directory.h"

#include <sys/mman.h>

/*
 * Theory of operation. Workers open no files, so the supervisor reads resolv.conf and hosts for
 * them. There is one writer, and two pages: the current one is never written to, so a writer that
 * is stopped half way hinders nobody. A reader copies the current page; if the writer has published
 * another one meanwhile, it may have begun to write into the one that was being copied, and the
 * reader copies again. Files change rarely: most calls end with one comparison.
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
	uint32_t version = atomic_load_explicit(&directory->version, memory_order_relaxed);

	return &directory->page[(version + 1) % 2];
}

void directory_publish(struct directory *directory)
{
	uint32_t version = atomic_load_explicit(&directory->version, memory_order_relaxed);

	atomic_store_explicit(&directory->version, version + 1, memory_order_release);
	/* readers must see that before anything that is written into the other page */
	atomic_thread_fence(memory_order_seq_cst);
}

const struct directory_page *directory_current(const struct directory *directory)
{
	return &directory
			->page[atomic_load_explicit(&directory->version, memory_order_acquire) % 2];
}

bool directory_read(const struct directory *directory, uint32_t *version,
		    struct directory_page *copy)
{
	for (int i = 0; i < ATTEMPTS; i++) {
		uint32_t now = atomic_load_explicit(&directory->version, memory_order_acquire);
		const struct directory_page *page = &directory->page[now % 2];

		if (now == *version)
			return false;
		copy->resolv = page->resolv;
		hosts_copy(&copy->hosts, &page->hosts);
		atomic_thread_fence(memory_order_acquire);
		if (atomic_load_explicit(&directory->version, memory_order_relaxed) == now) {
			*version = now;
			return true;
		}
	}
	return false;
}
