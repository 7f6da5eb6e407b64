/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The subcommand that writes the configurations of a client and its server. */
#include "cli/pair.h"

#include "cli/keygen.h"
#include "cli/pair_text.h"
#include "conf/check.h"
#include "conf/json.h"
#include "conf/syntax.h"
#include "crypto/crypto.h"

#include <errno.h>
#include <fcntl.h>
#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define EXIT_USAGE     2
#define DEFAULT_METHOD "2022-blake3-aes-256-gcm"
#define DEFAULT_PORT   8388
#define ROLES	       2 /* enum conf_role */

static const char *const file_names[] = {
	[CONF_CLIENT] = "client.json", [CONF_SERVER] = "server.json"};

/* What the command line asks for. */
struct order {
	struct pair pair;
	const char *folder;	 /* for both; NULL: print them, */
	const char *server_file; /* or, unless this is NULL, the client's alone */
	bool is_help;
};

static void print_usage(FILE *out)
{
	fprintf(out,
		"usage: mpbridge pair [-m METHOD] [-p PORT] [-o FOLDER | -s FILE] LINK ...\n\n"
		"Writes a client.json and a server.json that fit together, with a new key.\n\n"
		"  -m, --method METHOD   " DEFAULT_METHOD ", or another one\n"
		"  -p, --port PORT       the port of the server (8388)\n"
		"  -o, --output FOLDER   write both there, for the owner alone; else print both\n"
		"  -s, --server-file FILE\n"
		"                        on the server: write its file there, for the owner alone, "
		"and\n"
		"                        print the client's\n"
		"  -h, --help            print this\n\n"
		"LINK is [CLIENT=]SERVER: the server router's address on the link, and before it "
		"the\n"
		"client router's address there, its interface, or both as ADDRESS%%INTERFACE:\n\n"
		"  mpbridge pair -o keys 10.10.1.1%%wan1=10.10.1.2 10.10.2.1%%wan2=10.10.2.2\n\n"
		"With addresses of the client the server admits these alone.\n"
		"See mpbridge(8).\n");
}

/* ---- the command line ---- */

static bool complain(const char *what, const char *problem)
{
	fprintf(stderr, "mpbridge: pair: %s: %s\n", what, problem);
	return false;
}

static bool read_port(const char *text, uint16_t *out)
{
	int64_t number;

	if (!syntax_read_number(text, &number) || number < 1 || number > 65535)
		return complain(text, "not a port; allowed: 1 to 65535");
	*out = (uint16_t)number;
	return true;
}

static bool read_method(const char *name, const struct method **out)
{
	const struct method *method = method_find(name);

	if (!method)
		return complain(name, method_refusal(name));
	*out = method;
	return true;
}

static bool read_flag(struct order *order, int flag, const char *value)
{
	switch (flag) {
	case 'm':
		return read_method(value, &order->pair.method);
	case 'p':
		return read_port(value, &order->pair.port);
	case 'o':
		order->folder = value;
		return true;
	case 's':
		order->server_file = value;
		return true;
	case 'h':
		order->is_help = true;
		return true;
	}
	return false; /* getopt has told */
}

static bool read_links(struct pair *pair, int count, char **words)
{
	const char *problem;

	if (count == 0)
		return complain("no link", "name at least one, as 10.10.1.1%wan1=10.10.1.2");
	if (count > CONF_SERVERS_MAX)
		return complain(words[CONF_SERVERS_MAX], "too many links; allowed: 8");
	for (int i = 0; i < count; i++) {
		problem = pair_read_link(words[i], &pair->link[pair->n_links++]);
		if (problem)
			return complain(words[i], problem);
	}
	problem = pair_find_gap(pair);
	return problem ? complain("links", problem) : true;
}

static bool read_order(int argc, char **argv, struct order *order)
{
	static const struct option flags[] = {
		{"method", required_argument, NULL, 'm'},
		{"port", required_argument, NULL, 'p'},
		{"output", required_argument, NULL, 'o'},
		{"server-file", required_argument, NULL, 's'},
		{"help", no_argument, NULL, 'h'},
		{NULL, 0, NULL, 0},
	};
	static char name[] = "mpbridge: pair"; /* for getopt's own lines */
	int flag;

	argv[0] = name;
	*order = (struct order){
		.pair = {.method = method_find(DEFAULT_METHOD), .port = DEFAULT_PORT}};
	while ((flag = getopt_long(argc, argv, "m:p:o:s:h", flags, NULL)) != -1)
		if (!read_flag(order, flag, optarg))
			return false;
	if (order->folder && order->server_file)
		return complain("--server-file", "not together with --output");
	return order->is_help || read_links(&order->pair, argc - optind, argv + optind);
}

/* ---- what is written ---- */

/* Whether mpbridge itself would start with it; what it says against that is told. */
static bool is_good(enum conf_role role, const char *text)
{
	static struct messages errors, notes;
	struct draft draft;

	errors.count = 0;
	draft_init(&draft, role, &errors, &notes);
	json_read_text(&draft, file_names[role], text, strlen(text));
	check_draft(&draft);
	draft_exit(&draft);
	for (unsigned i = 0; i < messages_kept(&errors); i++)
		fprintf(stderr, "mpbridge: pair: %s\n", errors.text[i]);
	return errors.count == 0;
}

static int write_all(int fd, const char *text)
{
	size_t length = strlen(text), done = 0;

	while (done < length) {
		ssize_t n = write(fd, text + done, length - done);

		if (n < 0 && errno != EINTR)
			return -errno;
		done += n > 0 ? (size_t)n : 0;
	}
	return 0;
}

/* Makes a file that is not there yet, for its owner alone. 0 or -errno: then it is not there. */
static int write_file(int folder_fd, const char *name, const char *text)
{
	int fd = openat(folder_fd, name, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
	int error;

	if (fd < 0)
		return -errno;
	error = write_all(fd, text);
	if (close(fd) < 0 && error == 0)
		error = -errno;
	if (error < 0)
		unlinkat(folder_fd, name, 0);
	return error;
}

/* Both files or none. */
static int write_files(int folder_fd, const char *folder, char *const text[ROLES])
{
	for (unsigned role = 0; role < ROLES; role++) {
		int error = write_file(folder_fd, file_names[role], text[role]);

		if (error == 0)
			continue;
		fprintf(stderr, "mpbridge: pair: %s/%s: %s\n", folder, file_names[role],
			error == -EEXIST ? "is there already, and is left as it is"
					 : strerror(-error));
		while (role-- > 0)
			unlinkat(folder_fd, file_names[role], 0);
		return error;
	}
	return 0;
}

static int write_to_folder(const char *folder, char *const text[ROLES])
{
	bool is_ours = mkdir(folder, 0700) == 0;
	int folder_fd = open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	int error = folder_fd < 0 ? -errno : 0;

	if (error < 0)
		complain(folder, strerror(-error));
	else
		error = write_files(folder_fd, folder, text);
	if (folder_fd >= 0)
		close(folder_fd);
	if (error < 0 && is_ours)
		rmdir(folder);
	if (error == 0)
		printf("%s/%s is for the client router, %s/%s for the server router.\n", folder,
		       file_names[CONF_CLIENT], folder, file_names[CONF_SERVER]);
	return error;
}

static int print_both(char *const text[ROLES])
{
	for (unsigned role = 0; role < ROLES; role++)
		printf("%s// %s\n%s", role ? "\n" : "", file_names[role], text[role]);
	return 0;
}

/* The client's is to be carried to the other router: whatever shows it is the user's choice. */
static int keep_servers(const char *path, char *const text[ROLES])
{
	int error = write_file(AT_FDCWD, path, text[CONF_SERVER]);

	if (error < 0)
		complain(path, error == -EEXIST ? "is there already, and is left as it is"
						: strerror(-error));
	else if (fputs(text[CONF_CLIENT], stdout) == EOF || fflush(stdout) == EOF) {
		error = -errno;
		complain("standard output", strerror(-error));
		unlink(path); /* it is of no use without the other one */
	}
	return error;
}

static int write_out(const struct order *order, char *const text[ROLES])
{
	if (order->folder)
		return write_to_folder(order->folder, text);
	return order->server_file ? keep_servers(order->server_file, text) : print_both(text);
}

static int write_pair(const struct order *order, char *const text[ROLES])
{
	int error;

	for (unsigned role = 0; role < ROLES; role++) {
		if (!text[role]) {
			complain("the files", strerror(ENOMEM));
			return EXIT_FAILURE;
		}
		if (!is_good(role, text[role]))
			return EXIT_USAGE;
	}
	error = write_out(order, text);
	if (error == 0 && fflush(stdout) == EOF) {
		error = -errno;
		complain("standard output", strerror(-error));
	}
	return error < 0 ? EXIT_FAILURE : EXIT_SUCCESS;
}

static int make_pair(struct order *order)
{
	bool has_key = method_key_bytes(order->pair.method) > 0;
	char key[KEY_TEXT_BYTES], *text[ROLES];
	int error = has_key ? keygen_write(order->pair.method, key) : 0;
	int status;

	if (error < 0) {
		complain("no random bytes", strerror(-error));
		return EXIT_FAILURE;
	}
	order->pair.key = has_key ? key : NULL;
	for (unsigned role = 0; role < ROLES; role++)
		text[role] = pair_write(&order->pair, role);
	status = write_pair(order, text);
	for (unsigned role = 0; role < ROLES; role++)
		pair_free(text[role]);
	order->pair.key = NULL;
	crypto_wipe(key, sizeof(key));
	crypto_exit();
	return status;
}

int run_pair(int argc, char **argv)
{
	struct order order;

	if (!read_order(argc, argv, &order)) {
		fprintf(stderr, "mpbridge: pair: see mpbridge pair --help\n");
		return EXIT_USAGE;
	}
	if (order.is_help) {
		print_usage(stdout);
		return EXIT_SUCCESS;
	}
	return make_pair(&order);
}
