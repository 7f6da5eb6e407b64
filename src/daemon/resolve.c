/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Looking up the names in the configuration, once, at the start. */
#include "daemon/resolve.h"

#include "base/log.h"

#include <errno.h>
#include <fcntl.h>
#include <netdb.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#define LIMIT_MS 10000 /* nothing else is done meanwhile */

/* What the child writes: the result of getaddrinfo(), then the addresses. */
struct answer {
	int error;
	unsigned count;
	struct address address[CONF_SERVERS_MAX];
};

static void add_address(struct answer *answer, const struct address *address)
{
	for (unsigned i = 0; i < answer->count; i++)
		if (address_ip_equal(&answer->address[i], address))
			return;
	if (answer->count < CONF_SERVERS_MAX)
		answer->address[answer->count++] = *address;
}

static void look_up(const char *name, struct answer *answer)
{
	const struct addrinfo hints = {.ai_socktype = SOCK_STREAM};
	struct addrinfo *list = NULL;

	answer->error = getaddrinfo(name, NULL, &hints, &list);
	if (answer->error != 0)
		return;
	for (struct addrinfo *entry = list; entry; entry = entry->ai_next) {
		struct sockaddr_storage ss = {0};
		struct address address;

		memcpy(&ss, entry->ai_addr, entry->ai_addrlen);
		address = address_from_sockaddr(&ss);
		address.port = 0;
		add_address(answer, &address);
	}
	freeaddrinfo(list);
}

static _Noreturn void run_child(const char *name, const struct privilege_user *user, int fd)
{
	struct answer answer = {.error = EAI_SYSTEM};

	if (privilege_drop(user, false) == 0)
		look_up(name, &answer);
	_exit(write(fd, &answer, sizeof(answer)) == sizeof(answer) ? 0 : 1);
}

static int ask_child(const char *name, const struct privilege_user *user, struct answer *answer)
{
	int fds[2];
	pid_t child;
	ssize_t got;

	if (pipe2(fds, O_CLOEXEC) < 0)
		return -errno;
	child = fork();
	if (child == 0)
		run_child(name, user, fds[1]);
	close(fds[1]);
	if (child > 0 && poll(&(struct pollfd){.fd = fds[0], .events = POLLIN}, 1, LIMIT_MS) == 0)
		kill(child, SIGKILL);
	got = child < 0 ? -1 : read(fds[0], answer, sizeof(*answer));
	close(fds[0]);
	if (child > 0)
		waitpid(child, NULL, 0);
	return got == sizeof(*answer) ? 0 : -EIO;
}

static int resolve_name(const char *name, const struct privilege_user *user, struct answer *answer)
{
	int error = ask_child(name, user, answer);

	if (error < 0) {
		log_error("server: cannot look up \"%s\": %s", name, strerror(-error));
		return error;
	}
	if (answer->error != 0 || answer->count == 0) {
		log_error(
			"server: cannot look up \"%s\": %s; is the name right, and is there a way "
			"to a name server?",
			name, gai_strerror(answer->error));
		return -ENOENT;
	}
	return 0;
}

int resolve_servers(struct conf *conf, const struct privilege_user *user)
{
	struct conf_host written[CONF_SERVERS_MAX];
	struct answer all = {0};
	unsigned n = conf->n_servers;

	memcpy(written, conf->server, sizeof(written));
	for (unsigned i = 0; i < n; i++) {
		struct answer answer = {.count = 1, .address = {written[i].address}};
		unsigned first = all.count;

		if (written[i].address.family == 0) {
			int error = resolve_name(written[i].name, user, &answer);

			if (error < 0)
				return error;
		}
		for (unsigned k = 0; k < answer.count; k++)
			add_address(&all, &answer.address[k]);
		while (first < all.count)
			conf->server[first++].router = written[i].router;
	}
	conf->n_servers = all.count;
	for (unsigned i = 0; i < all.count; i++)
		conf->server[i].address = all.address[i];
	return 0;
}
