/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The memory of salts as a file, so that a restart of the program does not forget them. */
#include "daemon/salts_file.h"

#include "base/log.h"
#include "base/time.h"
#include "paths/store.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <sys/file.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

/*
 * Theory of operation. This is the one thing that stays when the program ends: a header that was
 * recorded half a minute ago is still in time, and who restarts the server must not make it new
 * again. The file is sparse; it takes some kilobytes, and 36 bytes for each stream of the last
 * minutes. It holds nothing secret, since salts go over the wire. Whoever has it open has it
 * locked; files of other network namespaces that nobody has locked and nobody has used for an hour
 * are removed.
 *
 * A file of another size than ours can be is of another version: it is made anew. It is never made
 * shorter, for workers of another program may have it mapped.
 */

#define NAME_BYTES	64
#define NAME_INFIX	".salts-"
#define FORGOTTEN_AFTER 3600 /* seconds */

static bool can_be_ours(size_t bytes)
{
	return bytes > salts_store_bytes(0) &&
	       (bytes - salts_store_bytes(0)) % sizeof(struct salts_table) == 0;
}

static unsigned tables_in(size_t bytes)
{
	return can_be_ours(bytes)
		       ? (unsigned)((bytes - salts_store_bytes(0)) / sizeof(struct salts_table))
		       : 0;
}

/* As large as is needed, and not smaller than it is. 0 or -errno. */
static int set_size(struct salts_file *file, unsigned n_workers)
{
	struct stat status;

	if (fstat(file->fd, &status) < 0)
		return -errno;
	file->n_tables = tables_in((size_t)status.st_size);
	if (file->n_tables < n_workers)
		file->n_tables = n_workers;
	file->bytes = salts_store_bytes(file->n_tables);
	return ftruncate(file->fd, (off_t)file->bytes) < 0 ? -errno : 0;
}

static int map(struct salts_file *file, int flags)
{
	void *memory =
		mmap(NULL, file->bytes, PROT_READ | PROT_WRITE, MAP_SHARED | flags, file->fd, 0);

	if (memory == MAP_FAILED)
		return -errno;
	if (salts_reserve(memory, file->n_tables) < 0) {
		munmap(memory, file->bytes);
		return -ENOSPC;
	}
	file->store = memory;
	salts_know(file->store, 0, time_unix_s(), time_since_boot_s());
	return 0;
}

static bool is_forgotten(int directory_fd, const char *name)
{
	struct stat status;
	int fd = openat(directory_fd, name, O_RDWR | O_NOFOLLOW | O_CLOEXEC);
	bool is_free;

	if (fd < 0)
		return false;
	is_free = flock(fd, LOCK_EX | LOCK_NB) == 0 && fstat(fd, &status) == 0 &&
		  time_unix_s() > (uint64_t)status.st_mtime + FORGOTTEN_AFTER;
	close(fd);
	return is_free;
}

static void sweep(int directory_fd, const char *own)
{
	int fd = openat(directory_fd, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	DIR *directory = fd < 0 ? NULL : fdopendir(fd);
	struct dirent *entry;

	while (directory && (entry = readdir(directory)))
		if (strstr(entry->d_name, NAME_INFIX) && strcmp(entry->d_name, own) != 0 &&
		    is_forgotten(directory_fd, entry->d_name))
			unlinkat(directory_fd, entry->d_name, 0);
	if (directory)
		closedir(directory);
}

/* Ours alone: with the lock held. 0 or -errno, and none is open. */
static int open_locked(struct salts_file *file, int directory_fd, const char *name)
{
	int error;

	file->fd = openat(directory_fd, name, O_RDWR | O_CREAT | O_NOFOLLOW | O_CLOEXEC, 0600);
	if (file->fd < 0)
		return -errno;
	if (flock(file->fd, LOCK_EX | LOCK_NB) == 0)
		return 0;
	error = -errno;
	close(file->fd);
	file->fd = -1;
	return error;
}

static bool is_of_another_version(int fd)
{
	struct stat status;

	return fstat(fd, &status) < 0 ||
	       (status.st_size > 0 && !can_be_ours((size_t)status.st_size));
}

static int open_own(struct salts_file *file, int directory_fd, const char *name)
{
	int error = open_locked(file, directory_fd, name);

	if (error < 0 || !is_of_another_version(file->fd))
		return error;
	unlinkat(directory_fd, name, 0);
	close(file->fd);
	return open_locked(file, directory_fd, name);
}

/* What was handed over goes on to be used; one that is of no use is out of the way. */
static int open_handed(struct salts_file *file, int directory_fd, const char *name,
		       const struct salts_handover *from)
{
	if (from->is_same_layout && !is_of_another_version(from->fd)) {
		file->fd = from->fd;
		return 0;
	}
	close(from->fd);
	unlinkat(directory_fd, name, 0);
	return open_locked(file, directory_fd, name);
}

static int use_file(struct salts_file *file, unsigned n_workers)
{
	int error;

	if (futimens(file->fd, NULL) < 0)
		return -errno;
	error = set_size(file, n_workers);
	return error < 0 ? error : map(file, 0);
}

/* A file that is of no use gives back what little it got: ledgers need it, too. And streams are not
 * written into it from now on: a later start must not take it for what tells of them all. */
static int open_file(struct salts_file *file, uint16_t port, unsigned n_workers,
		     const struct salts_handover *from)
{
	struct store store;
	char name[NAME_BYTES];
	int error = store_open(&store);

	if (error == 0) {
		snprintf(name, sizeof(name), "%" PRIu64 NAME_INFIX "%u", store.netns, port);
		sweep(store.directory_fd, name);
		error = from ? open_handed(file, store.directory_fd, name, from)
			     : open_own(file, store.directory_fd, name);
	}
	if (error == 0)
		error = use_file(file, n_workers);
	if (error < 0 && file->fd >= 0) {
		unlinkat(store.directory_fd, name, 0);
		close(file->fd);
		file->fd = -1;
	}
	store_close(&store);
	return error;
}

static int open_memory(struct salts_file *file, unsigned n_workers)
{
	*file = (struct salts_file){
		.n_tables = n_workers, .bytes = salts_store_bytes(n_workers), .fd = -1};
	return map(file, MAP_ANONYMOUS | MAP_NORESERVE);
}

int salts_file_open(struct salts_file *file, uint16_t port, unsigned n_workers,
		    const struct salts_handover *from)
{
	int error;

	*file = (struct salts_file){.fd = -1};
	error = open_file(file, port, n_workers, from);
	if (error == 0)
		return 0;
	log_info("which streams there were is forgotten with the next restart: no file "
		 "in " STORE_DIRECTORY ": %s",
		 strerror(-error));
	return open_memory(file, n_workers);
}

/* Workers that run have the file mapped: it is never made shorter than it was. */
int salts_file_fit(struct salts_file *file, unsigned n_tables)
{
	struct salts_file larger = *file;
	int error;

	if (file->n_tables >= n_tables)
		return 0;
	if (file->fd < 0) {
		error = open_memory(&larger, n_tables);
	} else {
		error = set_size(&larger, n_tables);
		if (error == 0)
			error = map(&larger, 0);
		if (error < 0 && ftruncate(file->fd, (off_t)file->bytes) < 0)
			error = -errno;
	}
	if (error < 0)
		return error;
	munmap(file->store, file->bytes);
	*file = larger;
	return 0;
}

void salts_file_close(struct salts_file *file)
{
	if (!file->store)
		return;
	munmap(file->store, file->bytes);
	if (file->fd >= 0) {
		futimens(file->fd, NULL);
		close(file->fd);
	}
	*file = (struct salts_file){.fd = -1};
}
