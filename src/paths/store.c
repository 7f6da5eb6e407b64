/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The store: where ledgers are kept, so that the next start finds what a killed process left. */
#include "paths/store.h"

#include "base/log.h"
#include "kernel/claim.h"

#include <assert.h>
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <sys/file.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

/*
 * Theory of operation. What a ledger speaks of is the state of a running kernel, so it has to
 * outlive the process that wrote it, not the kernel: rename() puts it there whole, and nobody asks
 * a disk to be done, on which /run may well be in a container.
 *
 * A lock is held while the kernel's tables are read, which takes a while where others change them.
 * Therefore it belongs to a network namespace, as these tables do. It is a claim (kernel/claim.h):
 * a file would stay behind, and the namespace itself may be locked by whoever starts us in it, as
 * flock(1) does. Two of ours in a namespace are few, so who waits looks again after a moment.
 */

#define LOCK_NAME  "mpbridge.store"
#define LOCK_US	   1000
#define LOCK_S	   5
#define NAME_BYTES 64

#ifndef SO_NETNS_COOKIE /* asm-generic/socket.h; musl has no name for it */
#define SO_NETNS_COOKIE 71
#endif

/* SO_NETNS_COOKIE came with 5.14. An inode would do too, but another namespace may have had it. */
int store_find_netns(uint64_t *cookie)
{
	socklen_t length = sizeof(*cookie);
	int fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	int error = 0;

	if (fd < 0)
		return -errno;
	if (getsockopt(fd, SOL_SOCKET, SO_NETNS_COOKIE, cookie, &length) < 0)
		error = -errno;
	close(fd);
	return error;
}

static int open_directory(struct store *store)
{
	store->directory_fd =
		open(STORE_DIRECTORY, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	return store->directory_fd < 0 ? -errno : 0;
}

int store_open(struct store *store)
{
	int error;

	*store = (struct store)STORE_CLOSED;
	error = store_find_netns(&store->netns);
	if (error)
		return error;
	if (mkdir(STORE_DIRECTORY, 0755) < 0 && errno != EEXIST)
		return -errno;
	if (access(STORE_DIRECTORY, W_OK) < 0)
		return -errno;
	return open_directory(store);
}

int store_open_to_read(struct store *store)
{
	int error;

	*store = (struct store)STORE_CLOSED;
	error = store_find_netns(&store->netns);
	return error ? error : open_directory(store);
}

void store_close(struct store *store)
{
	if (store->directory_fd >= 0)
		close(store->directory_fd);
	if (store->lock_fd >= 0)
		close(store->lock_fd);
	*store = (struct store)STORE_CLOSED;
}

/* For any other error than that somebody has it, it goes without at once. */
void store_lock(struct store *store)
{
	unsigned left = store->is_stuck ? 0 : LOCK_S * 1000000 / LOCK_US;

	assert(store->lock_fd < 0);
	while ((store->lock_fd = claim_take(LOCK_NAME)) == -EBUSY && left-- > 0)
		usleep(LOCK_US);
	if (store->lock_fd == -EBUSY && !store->is_stuck)
		log_warning("another process of this network namespace has had the lock of "
			    "mpbridge's routes and rules for %d s: going on without it",
			    LOCK_S);
	store->is_stuck = store->lock_fd == -EBUSY;
}

void store_unlock(struct store *store)
{
	if (store->lock_fd >= 0)
		close(store->lock_fd);
	store->lock_fd = -1;
}

void store_lock_directory(struct store *store)
{
	while (flock(store->directory_fd, LOCK_EX) < 0 && errno == EINTR)
		;
}

static const char *name_of(const struct store *store, uint32_t what, char name[static NAME_BYTES])
{
	if (what == STORE_LIMITS)
		snprintf(name, NAME_BYTES, "%" PRIu64 ".limits", store->netns);
	else
		snprintf(name, NAME_BYTES, "%" PRIu64 ".%u", store->netns, what);
	return name;
}

/* The whole file and a NUL. Its length or -errno. */
static int read_text(const struct store *store, const char *name, char text[static LEDGER_BYTES])
{
	int fd = openat(store->directory_fd, name, O_RDONLY | O_NOFOLLOW | O_CLOEXEC);
	ssize_t length;

	if (fd < 0)
		return -errno;
	length = read(fd, text, LEDGER_BYTES);
	close(fd);
	if (length < 0)
		return -errno;
	if (length == LEDGER_BYTES)
		return -EBADMSG;
	text[length] = '\0';
	return (int)length;
}

int store_read(const struct store *store, uint32_t what, struct ledger *ledger)
{
	char name[NAME_BYTES], text[LEDGER_BYTES];
	unsigned line;
	int length;

	if (store->directory_fd < 0)
		return -ENOENT;
	length = read_text(store, name_of(store, what, name), text);
	if (length < 0)
		return length;
	if (ledger_parse(text, ledger, &line))
		return 0;
	log_warning(STORE_DIRECTORY "/%s, line %u: this is not a ledger of mpbridge; ignored", name,
		    line);
	return -EBADMSG;
}

static int write_text(int fd, const char *text, size_t length)
{
	ssize_t written = write(fd, text, length);

	if (written < 0)
		return -errno;
	return (size_t)written == length ? 0 : -ENOSPC;
}

static int replace(const struct store *store, const char *name, const char *text, size_t length)
{
	char draft[NAME_BYTES + 8];
	int fd, error;

	snprintf(draft, sizeof(draft), "%s.new", name);
	fd = openat(store->directory_fd, draft,
		    O_WRONLY | O_CREAT | O_TRUNC | O_NOFOLLOW | O_CLOEXEC, 0644);
	if (fd < 0)
		return -errno;
	error = write_text(fd, text, length);
	close(fd);
	if (!error && renameat(store->directory_fd, draft, store->directory_fd, name) < 0)
		error = -errno;
	if (error)
		unlinkat(store->directory_fd, draft, 0);
	return error;
}

int store_write(const struct store *store, uint32_t what, const struct ledger *ledger)
{
	char name[NAME_BYTES], text[LEDGER_BYTES];
	int length;

	if (store->directory_fd < 0)
		return 0;
	if (ledger_is_empty(ledger)) {
		store_remove(store, what);
		return 0;
	}
	length = ledger_format(ledger, text, sizeof(text));
	if (length < 0)
		return length;
	return replace(store, name_of(store, what, name), text, (size_t)length);
}

void store_remove(const struct store *store, uint32_t what)
{
	char name[NAME_BYTES];

	if (store->directory_fd >= 0)
		unlinkat(store->directory_fd, name_of(store, what, name), 0);
}
