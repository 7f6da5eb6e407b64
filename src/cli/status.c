/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The subcommand that asks the running daemons how they are. */
#include "cli/status.h"

#include "base/loop.h"
#include "cli/status_text.h"
#include "daemon/question.h"
#include "daemon/rendezvous.h"

#include <errno.h>
#include <getopt.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#define EXIT_USAGE	 2
#define PATIENCE_MS	 3000
#define ANSWER_BYTES_MAX (8UL << 20)
#define RATE_MS		 500 /* between two looks, where one is shown */
#define WATCH_MS	 1000
#define RETRY_MS	 10
#define CLEAR		 "\033[H\033[2J"

struct request {
	bool is_json, is_watch, is_help, has_role;
	enum conf_role role; /* with has_role: of these only */
	struct question question;
};

/* ---- asking ---- */

/* What one daemon said. */
struct reply {
	struct rendezvous who;
	int error;  /* 0 or -errno */
	char *text; /* NULL with an error */
};

/* What all of them said at one time. */
struct look {
	unsigned n;
	struct reply reply[RENDEZVOUS_MAX];
};

static void sleep_ms(long milliseconds)
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
	return read_answer(fd, clock_ms() + PATIENCE_MS, text);
}

/* While others fill its backlog: again and again. */
static int connect_to(const struct rendezvous *who)
{
	uint64_t end_ms = clock_ms() + PATIENCE_MS;
	int fd = rendezvous_connect(who);

	while (fd == -EAGAIN && clock_ms() < end_ms) {
		sleep_ms(RETRY_MS);
		fd = rendezvous_connect(who);
	}
	return fd;
}

static void ask(struct reply *reply, const struct question *question)
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

static void look_free(struct look *look)
{
	for (unsigned i = 0; i < look->n; i++)
		free(look->reply[i].text);
	look->n = 0;
}

/* Asks all that are meant; the sockets of killed daemons do not count. */
static void look_around(struct look *look, const struct request *request)
{
	static struct rendezvous_list list;

	look->n = 0;
	if (rendezvous_find(&list) < 0)
		return;
	for (unsigned i = 0; i < list.n; i++) {
		struct reply *reply = &look->reply[look->n];

		if (request->has_role && list.item[i].role != request->role)
			continue;
		reply->who = list.item[i];
		ask(reply, &request->question);
		look->n += reply->error != -ECONNREFUSED && reply->error != -ENOENT;
	}
}

/* ---- showing ---- */

static const char *role_name(enum conf_role role)
{
	return role == CONF_CLIENT ? "client" : "server";
}

static void complain(FILE *out, const struct reply *reply)
{
	const char *why = strerror(-reply->error);

	if (reply->error == -EACCES)
		why = "only root and the user that it runs as may ask";
	else if (reply->error == -ETIMEDOUT || reply->error == -EAGAIN)
		why = "it does not answer";
	else if (reply->error == -ECONNRESET)
		why = "it ended the conversation";
	fprintf(out, "mpbridge: the %s with pid %d: %s\n", role_name(reply->who.role),
		(int)reply->who.pid, why);
}

static const char *earlier(const struct look *before, const struct reply *reply)
{
	for (unsigned i = 0; before && i < before->n; i++)
		if (before->reply[i].who.pid == reply->who.pid)
			return before->reply[i].text;
	return NULL;
}

/* Whether every reply could be shown. */
static bool show(FILE *out, FILE *complaints, const struct request *request, const struct look *now,
		 const struct look *before)
{
	bool is_whole = now->n > 0;

	for (unsigned i = 0; i < now->n; i++) {
		const struct reply *reply = &now->reply[i];

		if (i > 0 && !request->is_json)
			fputc('\n', out);
		if (reply->error) {
			complain(complaints, reply);
			is_whole = false;
		} else if (request->is_json) {
			fputs(reply->text, out);
		} else if (!status_text_write(out, reply->text, earlier(before, reply))) {
			fprintf(complaints, "mpbridge: the %s with pid %d: not an answer\n",
				role_name(reply->who.role), (int)reply->who.pid);
			is_whole = false;
		}
	}
	if (now->n == 0)
		fprintf(complaints, "mpbridge: no mpbridge%s%s runs in this network namespace\n",
			request->has_role ? " " : "",
			request->has_role ? role_name(request->role) : "");
	return is_whole;
}

static int show_once(const struct request *request)
{
	static struct look before, now;
	struct request first = *request;
	bool is_whole;

	if (!request->is_json) {
		first.question.has_flows = false;
		look_around(&before, &first);
		if (before.n > 0)
			sleep_ms(RATE_MS);
	}
	look_around(&now, request);
	is_whole = show(stdout, stderr, request, &now, &before);
	look_free(&before);
	look_free(&now);
	return is_whole && fflush(stdout) == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}

/* Until it is interrupted, or nobody reads any more. A frame is written at once: no flicker. */
static int watch(const struct request *request)
{
	static struct look looks[2];
	bool is_terminal = isatty(STDOUT_FILENO) && !request->is_json;

	for (unsigned turn = 0;; turn++) {
		struct look *now = &looks[turn % 2], *before = &looks[(turn + 1) % 2];
		char *frame = NULL;
		size_t bytes = 0;
		FILE *out = open_memstream(&frame, &bytes);

		if (!out)
			return EXIT_FAILURE;
		look_free(now);
		look_around(now, request);
		show(out, request->is_json ? stderr : out, request, now, before);
		fclose(out);
		printf("%s%s%s", is_terminal ? CLEAR : "", frame,
		       is_terminal || request->is_json ? "" : "\n");
		free(frame);
		if (fflush(stdout) != 0)
			return EXIT_FAILURE;
		sleep_ms(WATCH_MS);
	}
}

/* ---- the command line ---- */

static void print_usage(FILE *out)
{
	fputs("usage: mpbridge status [client | server] [flags]\n\n"
	      "  -j, --json     print each answer as it came, one JSON document per line\n"
	      "  -w, --watch    ask again every second, until Ctrl-C\n"
	      "  -F, --flows    show each MPTCP connection with its subflows, too\n"
	      "  -h, --help     print this\n\n"
	      "See mpbridge(8).\n",
	      out);
}

static bool read_role(struct request *request, const char *word)
{
	bool is_client = strcmp(word, "client") == 0;

	if (!is_client && strcmp(word, "server") != 0) {
		fprintf(stderr,
			"mpbridge: status: \"%s\" is unknown; allowed: client, server, or a flag\n",
			word);
		return false;
	}
	if (request->has_role) {
		fprintf(stderr, "mpbridge: status: client or server, not both: leave it out\n");
		return false;
	}
	request->has_role = true;
	request->role = is_client ? CONF_CLIENT : CONF_SERVER;
	return true;
}

static bool read_flag(struct request *request, int flag)
{
	if (flag == 'j')
		request->is_json = true;
	else if (flag == 'w')
		request->is_watch = true;
	else if (flag == 'F')
		request->question.has_flows = true;
	else if (flag == 'h')
		request->is_help = true;
	else
		return false; /* getopt has said why */
	return true;
}

static bool read_arguments(struct request *request, int argc, char **argv)
{
	static const struct option flags[] = {
		{"json", no_argument, NULL, 'j'},
		{"watch", no_argument, NULL, 'w'},
		{"flows", no_argument, NULL, 'F'},
		{"help", no_argument, NULL, 'h'},
		{0},
	};
	static char name[] = "mpbridge: status";
	int flag;

	argv[0] = name;
	while ((flag = getopt_long(argc, argv, "jwFh", flags, NULL)) != -1)
		if (!read_flag(request, flag))
			return false;
	for (int i = optind; i < argc; i++)
		if (!read_role(request, argv[i]))
			return false;
	return true;
}

int run_status(int argc, char **argv)
{
	struct request request = {0};

	if (!read_arguments(&request, argc, argv)) {
		print_usage(stderr);
		return EXIT_USAGE;
	}
	if (request.is_help) {
		print_usage(stdout);
		return EXIT_SUCCESS;
	}
	return request.is_watch ? watch(&request) : show_once(&request);
}
