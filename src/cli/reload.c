/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The subcommand that has the running daemons read their configurations again. */
#include "cli/reload.h"

#include "cli/ask.h"

#include <getopt.h>
#include <json-c/json.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>

#define EXIT_USAGE 2

static void print_usage(FILE *out)
{
	fputs("usage: mpbridge reload [client | server | PID]\n\n"
	      "The daemons that run in this network namespace read their files again, or the one "
	      "that\n"
	      "is meant. One that finds a mistake goes on as it was, and the mistake is "
	      "printed.\n\n"
	      "  -h, --help     print this\n\n"
	      "See mpbridge(8).\n",
	      out);
}

static const char *text_of(struct json_object *object, const char *key)
{
	struct json_object *member = NULL;

	json_object_object_get_ex(object, key, &member);
	return member ? json_object_get_string(member) : "";
}

/* Whether it has begun. */
static bool show(const struct ask_reply *reply)
{
	struct json_object *answer = json_tokener_parse(reply->text), *errors = NULL;
	const char *role = ask_role_name(reply->who.role);
	bool has_begun = strcmp(text_of(answer, "reload"), "begun") == 0;

	if (has_begun)
		printf("the %s with pid %d changes over to the new configuration\n", role,
		       (int)reply->who.pid);
	else
		fprintf(stderr, "mpbridge: the %s with pid %d goes on as it was:\n", role,
			(int)reply->who.pid);
	json_object_object_get_ex(answer, "errors", &errors);
	for (size_t i = 0; errors && i < json_object_array_length(errors); i++)
		fprintf(stderr, "mpbridge: %s\n",
			json_object_get_string(json_object_array_get_idx(errors, i)));
	json_object_put(answer);
	return has_begun;
}

static int reload(const struct ask_whom *whom)
{
	static struct ask_round round;
	const struct question question = {.is_reload = true};
	bool is_whole;

	ask_all(&round, whom, &question);
	is_whole = round.n > 0;
	for (unsigned i = 0; i < round.n; i++) {
		if (round.reply[i].error)
			ask_complain(stderr, &round.reply[i]);
		is_whole = !round.reply[i].error && show(&round.reply[i]) && is_whole;
	}
	if (round.n == 0)
		ask_complain_nobody(stderr, whom);
	ask_free(&round);
	return is_whole && fflush(stdout) == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}

static bool read_pid(struct ask_whom *whom, const char *word)
{
	char *end;
	long pid = strtol(word, &end, 10);

	if (pid <= 0 || pid > INT_MAX || *end != '\0')
		return false;
	whom->pid = (pid_t)pid;
	return true;
}

int run_reload(int argc, char **argv)
{
	static const struct option flags[] = {{"help", no_argument, NULL, 'h'}, {0}};
	static char name[] = "mpbridge: reload";
	struct ask_whom whom = {0};
	int flag;

	argv[0] = name;
	while ((flag = getopt_long(argc, argv, "h", flags, NULL)) != -1) {
		print_usage(flag == 'h' ? stdout : stderr);
		return flag == 'h' ? EXIT_SUCCESS : EXIT_USAGE;
	}
	for (int i = optind; i < argc; i++) {
		if (!read_pid(&whom, argv[i]) && !ask_read_role(&whom, "reload", argv[i])) {
			print_usage(stderr);
			return EXIT_USAGE;
		}
	}
	return reload(&whom);
}
