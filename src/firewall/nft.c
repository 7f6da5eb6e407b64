/* SPDX-License-Identifier: GPL-3.0-or-later */
/* nft(8), run as a child. */
#include "firewall/nft.h"

#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

/*
 * Theory of operation. What goes in and comes out are files in memory, so that neither side ever
 * waits for the other. The child is waited for here: it takes some milliseconds, and as long as the
 * firewall is not as it should be nothing matters more.
 */

#define LIMIT_MS    5000
#define MISSING	    127
#define SEARCH_PATH "PATH=/usr/sbin:/usr/bin:/sbin:/bin:/usr/local/sbin"
#define OUTPUT_MOST (1L << 20)
#define ARGS_MOST   8

struct child {
	int in, out, err; /* descriptors of files in memory; -1: none */
	pid_t pid;
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

static int open_files(struct child *child, const char *text)
{
	*child = (struct child){-1, -1, -1, -1};
	child->in = new_file("nft-in");
	child->out = new_file("nft-out");
	child->err = new_file("nft-err");
	if (child->in < 0 || child->out < 0 || child->err < 0)
		return -ENFILE;
	return write_all(child->in, text);
}

static void close_files(const struct child *child)
{
	const int fds[] = {child->in, child->out, child->err};

	for (int i = 0; i < 3; i++)
		if (fds[i] >= 0)
			close(fds[i]);
}

static _Noreturn void run_child(const struct child *child, const char *const argv[])
{
	char *copy[ARGS_MOST] = {NULL};
	char *environment[] = {(char[]){SEARCH_PATH}, (char[]){"LC_ALL=C"}, NULL};
	sigset_t none;

	sigemptyset(&none);
	sigprocmask(SIG_SETMASK, &none, NULL);
	if (dup2(child->in, 0) < 0 || dup2(child->out, 1) < 0 || dup2(child->err, 2) < 0)
		_exit(MISSING);
	for (int i = 0; i < ARGS_MOST - 1 && argv[i]; i++)
		copy[i] = strdup(argv[i]);
	/* it looks in the PATH that it hands on */
	environ = environment;
	execvp("nft", copy);
	_exit(MISSING);
}

/* Until the child has ended, or the time is over: then it is killed. */
static int await(pid_t pid)
{
	int pidfd = (int)syscall(SYS_pidfd_open, pid, 0);
	struct pollfd poll_for = {.fd = pidfd, .events = POLLIN};
	bool is_late = pidfd >= 0 && poll(&poll_for, 1, LIMIT_MS) == 0;
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

static int run(struct child *child, const char *const argv[])
{
	child->pid = fork();
	if (child->pid == 0)
		run_child(child, argv);
	return child->pid < 0 ? -errno : await(child->pid);
}

/* The line that says what is wrong, without where: the text is no file that anybody could read. */
static void read_complaint(int fd, char complaint[static 256])
{
	char text[4096];
	ssize_t length = pread(fd, text, sizeof(text) - 1, 0);
	const char *from;

	complaint[0] = '\0';
	if (length <= 0)
		return;
	text[length] = '\0';
	from = strstr(text, "Error: ");
	from = from ? from + strlen("Error: ") : text;
	snprintf(complaint, 256, "%.*s", (int)strcspn(from, "\n"), from);
}

int nft_run(const char *text, bool only_check, char complaint[static 256])
{
	const char *const check[] = {"nft", "-c", "-f", "-", NULL};
	const char *const act[] = {"nft", "-f", "-", NULL};
	struct child child;
	int error = open_files(&child, text);

	complaint[0] = '\0';
	if (error == 0)
		error = run(&child, only_check ? check : act);
	if (error < 0 && child.err >= 0)
		read_complaint(child.err, complaint);
	close_files(&child);
	return error;
}

static char *read_file(int fd)
{
	off_t length = lseek(fd, 0, SEEK_END);
	char *text = length > 0 && length < OUTPUT_MOST ? malloc((size_t)length + 1) : NULL;

	if (!text)
		return NULL;
	if (pread(fd, text, (size_t)length, 0) != length) {
		free(text);
		return NULL;
	}
	text[length] = '\0';
	return text;
}

char *nft_list(const char *table)
{
	const char *const argv[] = {"nft", "-s", "list", "table", "inet", table, NULL};
	struct child child;
	char *text = NULL;

	if (open_files(&child, "") == 0 && run(&child, argv) == 0)
		text = read_file(child.out);
	close_files(&child);
	return text;
}
