/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The subcommand that makes a key. */
#include "cli/keygen.h"

#include "crypto/crypto.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define EXIT_USAGE 2

int keygen_write(const struct method *method, char buf[static KEY_TEXT_BYTES])
{
	size_t n = method_key_bytes(method);
	uint8_t bytes[AEAD_KEY_MAX];
	int error = crypto_random(bytes, n);

	if (error == 0)
		key_format(bytes, n, buf);
	crypto_wipe(bytes, sizeof(bytes));
	return error;
}

static void print_usage(FILE *out)
{
	fprintf(out,
		"usage: mpbridge keygen METHOD\n\n"
		"Prints a new random key for the method, for \"password\" in the files of both "
		"ends:\n");
	for (const struct method *method = method_table; method->name; method++)
		if (method_key_bytes(method) > 0)
			fprintf(out, "  %s\n", method->name);
	fprintf(out, "\nSee mpbridge(8).\n");
}

/* The method of this name, if it has a key; NULL: that has been told. */
static const struct method *find_method(const char *name)
{
	const struct method *method = method_find(name);

	if (!method)
		fprintf(stderr, "mpbridge: keygen: %s: %s\n", name, method_refusal(name));
	else if (method_key_bytes(method) == 0)
		fprintf(stderr, "mpbridge: keygen: method %s has no key\n", name);
	else
		return method;
	return NULL;
}

static int print_key(const struct method *method)
{
	char text[KEY_TEXT_BYTES];
	int error = keygen_write(method, text);

	if (error < 0) {
		fprintf(stderr, "mpbridge: keygen: no random bytes: %s\n", strerror(-error));
		return EXIT_FAILURE;
	}
	puts(text);
	crypto_wipe(text, sizeof(text));
	if (fflush(stdout) == EOF) {
		perror("mpbridge: keygen: cannot write");
		return EXIT_FAILURE;
	}
	return EXIT_SUCCESS;
}

int run_keygen(int argc, char **argv)
{
	const struct method *method;

	if (argc == 2 && (strcmp(argv[1], "-h") == 0 || strcmp(argv[1], "--help") == 0)) {
		print_usage(stdout);
		return EXIT_SUCCESS;
	}
	if (argc != 2 || argv[1][0] == '-') {
		print_usage(stderr);
		return EXIT_USAGE;
	}
	method = find_method(argv[1]);
	return method ? print_key(method) : EXIT_USAGE;
}
