/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Memory for keys. */
#include "base/secret.h"

#include "base/list.h"

#include <assert.h>
#include <stdint.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

/*
 * Theory of operation. A region is a guard page, pages that begin with a header, a guard page:
 *
 *     | no access | header, secret ... | no access |
 *
 * The header links all regions of the process, so that they can be wiped at its end. A child that
 * was forked has the list, too, and pages of its own as soon as it writes: what it wipes is its
 * copy.
 */

struct region {
	struct list node;
	size_t size; /* of the pages between the guards */
	_Alignas(max_align_t) unsigned char secret[];
};

static struct list regions = {&regions, &regions};

static size_t page_bytes(void)
{
	return (size_t)sysconf(_SC_PAGESIZE);
}

/* Of the pages that hold a secret of n bytes; 0 if there is no such number. */
static size_t size_for(size_t n)
{
	size_t page = page_bytes();

	if (n > SIZE_MAX / 2)
		return 0;
	return (sizeof(struct region) + n + page - 1) / page * page;
}

static struct region *region_of(void *p)
{
	return container_of(p, struct region, secret);
}

void *secret_alloc(size_t n)
{
	size_t page = page_bytes(), size = size_for(n);
	struct region *region;
	unsigned char *begin;

	assert(n > 0);
	if (size == 0)
		return NULL;
	begin = mmap(NULL, size + 2 * page, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	if (begin == MAP_FAILED)
		return NULL;
	if (mprotect(begin + page, size, PROT_READ | PROT_WRITE) < 0) {
		munmap(begin, size + 2 * page);
		return NULL;
	}
	madvise(begin + page, size, MADV_DONTDUMP);
	mlock(begin + page, size);
	region = (struct region *)(void *)(begin + page);
	region->size = size;
	list_append(&regions, &region->node);
	return region->secret;
}

static void wipe(struct region *region)
{
	explicit_bzero(region->secret, region->size - offsetof(struct region, secret));
}

void secret_free(void *p, size_t n)
{
	struct region *region;
	size_t page = page_bytes(), size;

	if (!p)
		return;
	region = region_of(p);
	size = region->size;
	assert(size == size_for(n));
	wipe(region);
	list_remove(&region->node);
	munmap((unsigned char *)region - page, size + 2 * page);
}

void secret_wipe_text(char *text)
{
	if (text)
		explicit_bzero(text, strlen(text));
}

void secret_wipe_all(void)
{
	list_for_each_safe(node, tmp, &regions)
		wipe(container_of(node, struct region, node));
}
