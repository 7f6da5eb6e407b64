/* SPDX-License-Identifier: GPL-3.0-or-later */
/* nft(8), run as a child. */
#include "firewall/nft.h"

#include "base/log.h"
#include "kernel/command.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* It takes some milliseconds, and as long as the firewall is not as it should be nothing matters
 * more: so it is waited for. */
#define LIMIT_MS    5000
#define SEARCH_PATH "PATH=/usr/sbin:/usr/bin:/sbin:/bin:/usr/local/sbin"
#define ARGS_MOST   8

#define NEEDS_NFTABLES "the configuration's \"%s\" needs nftables"

static int run(const char *const argv[], const char *input, struct command_result *result)
{
	static char search_path[] = SEARCH_PATH, locale[] = "LC_ALL=C";
	char *environment[] = {search_path, locale, NULL};
	char *copy[ARGS_MOST] = {NULL};
	const struct command command = {
		.program = "nft",
		.argv = copy,
		.environment = environment,
		.input = input,
		.limit_ms = LIMIT_MS,
	};
	int error;

	for (int i = 0; i < ARGS_MOST - 1 && argv[i]; i++)
		copy[i] = strdup(argv[i]);
	error = command_run(&command, result);
	for (int i = 0; i < ARGS_MOST; i++)
		free(copy[i]);
	return error;
}

/* The line that says what is wrong, without where: the text is no file that anybody could read. */
static void find_complaint(const char *text, char complaint[static 256])
{
	const char *from = strstr(text, "Error: ");

	from = from ? from + strlen("Error: ") : text;
	snprintf(complaint, 256, "%.*s", (int)strcspn(from, "\n"), from);
}

int nft_run(const char *text, bool only_check, char complaint[static 256])
{
	const char *const check[] = {"nft", "-c", "-f", "-", NULL};
	const char *const act[] = {"nft", "-f", "-", NULL};
	struct command_result result;
	int error = run(only_check ? check : act, text, &result);

	complaint[0] = '\0';
	if (error < 0 && result.complaint)
		find_complaint(result.complaint, complaint);
	command_result_free(&result);
	return error;
}

char *nft_list(const char *table)
{
	const char *const argv[] = {"nft", "-s", "list", "table", "inet", table, NULL};
	struct command_result result;
	char *text = NULL;

	if (run(argv, "", &result) == 0 && result.output && result.output[0]) {
		text = result.output;
		result.output = NULL;
	}
	command_result_free(&result);
	return text;
}

/* What is added first can be deleted, whether it was there or not. */
void nft_remove(const char *table)
{
	char *listing = nft_list(table);
	char text[160], complaint[256];

	if (!listing)
		return;
	free(listing);
	snprintf(text, sizeof(text), "add table inet %s\ndelete table inet %s\n", table, table);
	if (nft_run(text, false, complaint) < 0)
		log_warning("table inet %s is left behind: %s", table, complaint);
}

void nft_complain(const char *key, int error, const char *complaint)
{
	switch (-error) {
	case ENOENT:
		log_error(NEEDS_NFTABLES ": there is no nft; install nftables", key);
		break;
	case ETIMEDOUT:
		log_error(NEEDS_NFTABLES ": nft does not end", key);
		break;
	default:
		log_error(NEEDS_NFTABLES ": nft refuses the rules: %s", key,
			  complaint[0] ? complaint : strerror(-error));
	}
}
