/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Asking the daemons that run in this network namespace, over their control sockets. */
#include "cli/ask.h"

#include "base/loop.h"

#include <errno.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#define PATIENCE_MS	 3000
#define RELOAD_MS	 30000 /* names may have to be looked up */
#define ANSWER_BYTES_MAX (8UL << 20)
#define RETRY_MS	 10

void ask_sleep_ms(long milliseconds)
{
	const struct timespec time = {milliseconds / 1000, milliseconds % 1000 * 1000000};

	nanosleep(&time, NULL);
}

static int wait_for(int fd, short events, uint64_t end_ms)
{
	struct pollfd poll_fd = {.fd = fd, .events = events};
	uint64_t now_ms = clock_ms();
	int count = now_ms < end_ms ? poll(&poll_fd, 1, (int)(end_ms - now_ms)) : 0;

	if (count < 0)
		return -errno;
	return count == 0 ? -ETIMEDOUT : 0;
}

/* All that comes until the other end closes. 0 or -errno; *text is to be freed. */
static int read_answer(int fd, uint64_t end_ms, char **text)
{
	size_t bytes = 0;
	FILE *out = open_memstream(text, &bytes);
	char piece[16384];
	ssize_t got = -1;
	int error = out ? 0 : -errno;

	while (!error && got != 0) {
		error = wait_for(fd, POLLIN, end_ms);
		got = error ? 0 : recv(fd, piece, sizeof(piece), 0);
		if (got < 0 && errno != EAGAIN)
			error = -errno;
		if (got > 0)
			fwrite(piece, 1, (size_t)got, out);
		if (out && ftell(out) > (long)ANSWER_BYTES_MAX)
			error = -EMSGSIZE;
	}
	if (out && fclose(out) != 0 && !error)
		error = -errno;
	return error;
}

static int converse(int fd, const struct question *question, char **text)
{
	char line[QUESTION_BYTES];
	size_t length = question_format(question, line);

	if (send(fd, line, length, MSG_NOSIGNAL) < 0)
		return -errno;
	return read_answer(fd, clock_ms() + (question->is_reload ? RELOAD_MS : PATIENCE_MS), text);
}

/* While others fill its backlog: again and again. */
static int connect_to(const struct rendezvous *who)
{
	uint64_t end_ms = clock_ms() + PATIENCE_MS;
	int fd = rendezvous_connect(who);

	while (fd == -EAGAIN && clock_ms() < end_ms) {
		ask_sleep_ms(RETRY_MS);
		fd = rendezvous_connect(who);
	}
	return fd;
}

static void ask(struct ask_reply *reply, const struct question *question)
{
	int fd = connect_to(&reply->who);

	reply->text = NULL;
	reply->error = fd < 0 ? fd : converse(fd, question, &reply->text);
	if (fd >= 0)
		close(fd);
	if (!reply->error && reply->text && reply->text[0] == '\0')
		reply->error = -ECONNRESET;
	if (reply->error) {
		free(reply->text);
		reply->text = NULL;
	}
}

void ask_free(struct ask_round *round)
{
	for (unsigned i = 0; i < round->n; i++)
		free(round->reply[i].text);
	round->n = 0;
}

static bool is_meant(const struct ask_whom *whom, const struct rendezvous *who)
{
	return (!whom->has_role || who->role == whom->role) &&
	       (whom->pid == 0 || who->pid == whom->pid);
}

void ask_all(struct ask_round *round, const struct ask_whom *whom, const struct question *question)
{
	static struct rendezvous_list list;

	round->n = 0;
	if (rendezvous_find(&list) < 0)
		return;
	for (unsigned i = 0; i < list.n; i++) {
		struct ask_reply *reply = &round->reply[round->n];

		if (!is_meant(whom, &list.item[i]))
			continue;
		reply->who = list.item[i];
		ask(reply, question);
		round->n += reply->error != -ECONNREFUSED && reply->error != -ENOENT;
	}
}

const char *ask_role_name(enum conf_role role)
{
	return role == CONF_CLIENT ? "client" : "server";
}

void ask_complain(FILE *out, const struct ask_reply *reply)
{
	const char *why = strerror(-reply->error);

	if (reply->error == -EACCES)
		why = "only root and the user that it runs as may ask";
	else if (reply->error == -ETIMEDOUT || reply->error == -EAGAIN)
		why = "it does not answer";
	else if (reply->error == -ECONNRESET)
		why = "it ended the conversation";
	fprintf(out, "mpbridge: the %s with pid %d: %s\n", ask_role_name(reply->who.role),
		(int)reply->who.pid, why);
}

void ask_complain_nobody(FILE *out, const struct ask_whom *whom)
{
	char pid[32] = "";

	if (whom->pid != 0)
		snprintf(pid, sizeof(pid), " with pid %d", (int)whom->pid);
	fprintf(out, "mpbridge: no mpbridge%s%s%s runs in this network namespace\n",
		whom->has_role ? " " : "", whom->has_role ? ask_role_name(whom->role) : "", pid);
}

bool ask_read_role(struct ask_whom *whom, const char *command, const char *word)
{
	bool is_client = strcmp(word, "client") == 0;

	if (!is_client && strcmp(word, "server") != 0) {
		fprintf(stderr,
			"mpbridge: %s: \"%s\" is unknown; allowed: client, server, or a flag\n",
			command, word);
		return false;
	}
	if (whom->has_role) {
		fprintf(stderr, "mpbridge: %s: client or server, not both: leave it out\n",
			command);
		return false;
	}
	whom->has_role = true;
	whom->role = is_client ? CONF_CLIENT : CONF_SERVER;
	return true;
}
