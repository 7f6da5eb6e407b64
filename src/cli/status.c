/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The subcommand that asks the running daemons how they are. */
#include "cli/status.h"

#include "cli/ask.h"
#include "cli/status_text.h"

#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#define EXIT_USAGE 2
#define RATE_MS	   500 /* between two looks, where one is shown */
#define WATCH_MS   1000
#define CLEAR	   "\033[H\033[2J"

struct request {
	bool is_json, is_watch, is_help;
	struct ask_whom whom;
	struct question question;
};

/* ---- showing ---- */

static const char *earlier(const struct ask_round *before, const struct ask_reply *reply)
{
	for (unsigned i = 0; before && i < before->n; i++)
		if (before->reply[i].who.pid == reply->who.pid)
			return before->reply[i].text;
	return NULL;
}

/* Whether every reply could be shown. */
static bool show(FILE *out, FILE *complaints, const struct request *request,
		 const struct ask_round *now, const struct ask_round *before)
{
	bool is_whole = now->n > 0;

	for (unsigned i = 0; i < now->n; i++) {
		const struct ask_reply *reply = &now->reply[i];

		if (i > 0 && !request->is_json)
			fputc('\n', out);
		if (reply->error) {
			ask_complain(complaints, reply);
			is_whole = false;
		} else if (request->is_json) {
			fputs(reply->text, out);
		} else if (!status_text_write(out, reply->text, earlier(before, reply))) {
			fprintf(complaints, "mpbridge: the %s with pid %d: not an answer\n",
				ask_role_name(reply->who.role), (int)reply->who.pid);
			is_whole = false;
		}
	}
	if (now->n == 0)
		ask_complain_nobody(complaints, &request->whom);
	return is_whole;
}

static int show_once(const struct request *request)
{
	static struct ask_round before, now;
	struct request first = *request;
	bool is_whole;

	if (!request->is_json) {
		first.question.has_flows = false;
		ask_all(&before, &first.whom, &first.question);
		if (before.n > 0)
			ask_sleep_ms(RATE_MS);
	}
	ask_all(&now, &request->whom, &request->question);
	is_whole = show(stdout, stderr, request, &now, &before);
	ask_free(&before);
	ask_free(&now);
	return is_whole && fflush(stdout) == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}

/* Until it is interrupted, or nobody reads any more. A frame is written at once: no flicker. */
static int watch(const struct request *request)
{
	static struct ask_round looks[2];
	bool is_terminal = isatty(STDOUT_FILENO) && !request->is_json;

	for (unsigned turn = 0;; turn++) {
		struct ask_round *now = &looks[turn % 2], *before = &looks[(turn + 1) % 2];
		char *frame = NULL;
		size_t bytes = 0;
		FILE *out = open_memstream(&frame, &bytes);

		if (!out)
			return EXIT_FAILURE;
		ask_free(now);
		ask_all(now, &request->whom, &request->question);
		show(out, request->is_json ? stderr : out, request, now, before);
		fclose(out);
		printf("%s%s%s", is_terminal ? CLEAR : "", frame,
		       is_terminal || request->is_json ? "" : "\n");
		free(frame);
		if (fflush(stdout) != 0)
			return EXIT_FAILURE;
		ask_sleep_ms(WATCH_MS);
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
		if (!ask_read_role(&request->whom, "status", argv[i]))
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
