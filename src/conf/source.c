/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The source of a configuration: the flags that the program was started with, kept to be read
 * again. */
#include "conf/source.h"

#include "base/secret.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

int conf_source_open(struct conf_source *source, enum conf_role role, int argc, char **argv)
{
	char *at;

	*source = (struct conf_source){.role = role, .argc = argc, .words_bytes = 1};
	for (int i = 0; i < argc; i++)
		source->words_bytes += strlen(argv[i]) + 1;
	source->words = secret_alloc(source->words_bytes);
	if (!source->words)
		return -ENOMEM;
	at = source->words;
	for (int i = 0; i < argc; i++)
		at = stpcpy(at, argv[i]) + 1;
	source->directory_fd = open(".", O_PATH | O_DIRECTORY | O_CLOEXEC);
	return 0;
}

void conf_source_close(struct conf_source *source)
{
	if (!source->words)
		return;
	secret_free(source->words, source->words_bytes);
	if (source->directory_fd >= 0)
		close(source->directory_fd);
	*source = (struct conf_source){.directory_fd = -1};
}

/* conf_read() overwrites passwords in the words that it is given. */
static int read_copy(const struct conf_source *source, char *words, char **argv, struct conf *out,
		     struct messages *errors, struct messages *notes)
{
	memcpy(words, source->words, source->words_bytes);
	for (int i = 0; i < source->argc; i++) {
		argv[i] = words;
		words += strlen(words) + 1;
	}
	return conf_read(source->role, source->argc, argv, out, errors, notes);
}

int conf_source_read(const struct conf_source *source, struct conf *out, struct messages *errors,
		     struct messages *notes)
{
	int here_fd = open(".", O_PATH | O_DIRECTORY | O_CLOEXEC);
	char *words = secret_alloc(source->words_bytes);
	char **argv = calloc((size_t)source->argc + 1, sizeof(*argv));
	int error = -ENOMEM;

	if (source->directory_fd >= 0 && fchdir(source->directory_fd) < 0)
		error = -errno;
	else if (words && argv)
		error = read_copy(source, words, argv, out, errors, notes);
	if (here_fd >= 0) {
		if (fchdir(here_fd) < 0 && error == 0)
			error = -errno;
		close(here_fd);
	}
	if (error < 0 && errors->count == 0)
		messages_add(errors, "the configuration cannot be read: %s", strerror(-error));
	secret_free(words, source->words_bytes);
	free(argv);
	return error;
}
