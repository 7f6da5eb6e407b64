/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Another program, run as a child and waited for. */
#include "kernel/command.h"

#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

/*
 * Theory of operation. What goes in and comes out are files in memory, so that neither side ever
 * waits for the other.
 */

#define MISSING	    127
#define OUTPUT_MOST (1L << 20)

struct files {
	int in, out, err; /* descriptors of files in memory; -1: none */
};

static int new_file(const char *name)
{
	int fd = memfd_create(name, MFD_CLOEXEC);

	return fd < 0 ? -errno : fd;
}

static int write_all(int fd, const char *text)
{
	size_t left = strlen(text);

	while (left > 0) {
		ssize_t n = write(fd, text, left);

		if (n < 0)
			return -errno;
		text += n;
		left -= (size_t)n;
	}
	return lseek(fd, 0, SEEK_SET) < 0 ? -errno : 0;
}

static int open_files(struct files *files, const char *input)
{
	files->in = new_file("command-in");
	files->out = new_file("command-out");
	files->err = new_file("command-err");
	if (files->in < 0 || files->out < 0 || files->err < 0)
		return -ENFILE;
	return write_all(files->in, input);
}

static void close_files(const struct files *files)
{
	const int fds[] = {files->in, files->out, files->err};

	for (int i = 0; i < 3; i++)
		if (fds[i] >= 0)
			close(fds[i]);
}

static _Noreturn void run_child(const struct command *command, const struct files *files)
{
	sigset_t none;

	sigemptyset(&none);
	sigprocmask(SIG_SETMASK, &none, NULL);
	if (dup2(files->in, 0) < 0 || dup2(files->out, 1) < 0 || dup2(files->err, 2) < 0)
		_exit(MISSING);
	if (command->prepare && command->prepare(command->owner) < 0)
		_exit(MISSING);
	/* it looks in the PATH that it hands on */
	environ = command->environment;
	execvp(command->program, command->argv);
	_exit(MISSING);
}

/* Until the child has ended, or the time is over: then it is killed. */
static int await(pid_t pid, unsigned limit_ms)
{
	int pidfd = (int)syscall(SYS_pidfd_open, pid, 0);
	struct pollfd poll_for = {.fd = pidfd, .events = POLLIN};
	bool is_late = pidfd >= 0 && poll(&poll_for, 1, (int)limit_ms) == 0;
	int status = 0;

	if (is_late)
		kill(pid, SIGKILL);
	if (pidfd >= 0)
		close(pidfd);
	while (waitpid(pid, &status, 0) < 0)
		if (errno != EINTR)
			return -errno;
	if (is_late)
		return -ETIMEDOUT;
	if (WIFEXITED(status) && WEXITSTATUS(status) == MISSING)
		return -ENOENT;
	return WIFEXITED(status) && WEXITSTATUS(status) == 0 ? 0 : -EINVAL;
}

static char *read_file(int fd)
{
	off_t length = fd < 0 ? -1 : lseek(fd, 0, SEEK_END);
	char *text = length >= 0 && length < OUTPUT_MOST ? malloc((size_t)length + 1) : NULL;

	if (!text)
		return NULL;
	if (pread(fd, text, (size_t)length, 0) != length) {
		free(text);
		return NULL;
	}
	text[length] = '\0';
	return text;
}

int command_run(const struct command *command, struct command_result *result)
{
	struct files files = {-1, -1, -1};
	int error = open_files(&files, command->input);
	pid_t pid;

	*result = (struct command_result){0};
	if (error == 0) {
		pid = fork();
		if (pid == 0)
			run_child(command, &files);
		error = pid < 0 ? -errno : await(pid, command->limit_ms);
		result->output = read_file(files.out);
		result->complaint = read_file(files.err);
	}
	close_files(&files);
	return error;
}

void command_result_free(struct command_result *result)
{
	free(result->output);
	free(result->complaint);
	*result = (struct command_result){0};
}
