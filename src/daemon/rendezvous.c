/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The rendezvous: where the control sockets of this network namespace are, and how to find them. */
#include "daemon/rendezvous.h"

#include "paths/store.h"

#include <dirent.h>
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#define BACKLOG 128

static const char *role_name(enum conf_role role)
{
	return role == CONF_CLIENT ? "client" : "server";
}

static void name_it(struct rendezvous *rendezvous, uint64_t netns, enum conf_role role, pid_t pid)
{
	rendezvous->role = role;
	rendezvous->pid = pid;
	rendezvous->address = (struct sockaddr_un){.sun_family = AF_UNIX};
	snprintf(rendezvous->address.sun_path, sizeof(rendezvous->address.sun_path),
		 STORE_DIRECTORY "/%" PRIu64 ".%s-%d.sock", netns, role_name(role), (int)pid);
}

/* What it reads it writes again, and compares: so there is one spelling of each name. */
bool rendezvous_parse(const char *name, uint64_t netns, struct rendezvous *out)
{
	enum conf_role role = strstr(name, ".client-") ? CONF_CLIENT : CONF_SERVER;
	const char *number = strchr(name, '-');
	struct rendezvous read;
	int pid;

	if (!number || sscanf(number + 1, "%9d", &pid) != 1 || pid <= 0)
		return false;
	name_it(&read, netns, role, pid);
	if (strcmp(read.address.sun_path + strlen(STORE_DIRECTORY "/"), name) != 0)
		return false;
	*out = read;
	return true;
}

static void insert(struct rendezvous_list *list, const struct rendezvous *found)
{
	unsigned place = list->n++;

	for (; place > 0; place--) {
		const struct rendezvous *before = &list->item[place - 1];

		if (before->role < found->role ||
		    (before->role == found->role && before->pid < found->pid))
			break;
		list->item[place] = *before;
	}
	list->item[place] = *found;
}

/* Those of that namespace; NULL: of any. */
static int find_in(const uint64_t *netns, struct rendezvous_list *list)
{
	DIR *directory = opendir(STORE_DIRECTORY);
	const struct dirent *entry;

	if (!directory)
		return errno == ENOENT ? 0 : -errno;
	while (list->n < RENDEZVOUS_MAX && (entry = readdir(directory))) {
		struct rendezvous found;

		uint64_t cookie = netns ? *netns : strtoull(entry->d_name, NULL, 10);

		if (rendezvous_parse(entry->d_name, cookie, &found))
			insert(list, &found);
	}
	closedir(directory);
	return 0;
}

int rendezvous_find(struct rendezvous_list *list)
{
	uint64_t netns;
	int error = store_find_netns(&netns);

	list->n = 0;
	return error ? error : find_in(&netns, list);
}

static int open_socket(void)
{
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);

	return fd < 0 ? -errno : fd;
}

int rendezvous_connect(const struct rendezvous *there)
{
	int fd = open_socket();

	if (fd < 0)
		return fd;
	if (connect(fd, (const struct sockaddr *)&there->address, sizeof(there->address)) < 0) {
		int error = -errno;

		close(fd);
		return error;
	}
	return fd;
}

/*
 * The directory is locked: whoever has a name here also listens, or is dead. A socket in a
 * directory can be reached from every network namespace, so those of namespaces that are gone are
 * swept up as well.
 */
static void sweep(void)
{
	struct rendezvous_list list = {0};

	find_in(NULL, &list);
	for (unsigned i = 0; i < list.n; i++) {
		int fd = rendezvous_connect(&list.item[i]);

		if (fd == -ECONNREFUSED)
			unlink(list.item[i].address.sun_path);
		else if (fd >= 0)
			close(fd);
	}
}

static int listen_at(const struct sockaddr_un *address)
{
	int fd = open_socket();

	if (fd < 0)
		return fd;
	/* what bind() makes has the mode of the socket (unix_bind_bsd()), so it is never wider */
	if (fchmod(fd, 0600) < 0 ||
	    bind(fd, (const struct sockaddr *)address, sizeof(*address)) < 0 ||
	    listen(fd, BACKLOG) < 0) {
		int error = -errno;

		close(fd);
		return error;
	}
	return fd;
}

int rendezvous_listen(enum conf_role role, struct rendezvous *out)
{
	struct store store;
	int fd = store_open(&store);

	if (fd == 0) {
		store_lock_directory(&store);
		sweep();
		name_it(out, store.netns, role, getpid());
		fd = listen_at(&out->address);
	}
	store_close(&store);
	return fd;
}

int rendezvous_continue(enum conf_role role, struct rendezvous *out)
{
	uint64_t netns;
	int error = store_find_netns(&netns);

	if (error == 0)
		name_it(out, netns, role, getpid());
	return error;
}

void rendezvous_remove(const struct rendezvous *own)
{
	unlink(own->address.sun_path);
}
