/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Running in the background with a pid file, as ss-redir -f does. */
#include "daemon/background.h"

#include "base/log.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

static int parent_fd = -1; /* the child's end of the pipe on which the parent waits */
static bool has_pid_file;
static char pid_path[PATH_MAX]; /* absolute */

/* A byte says ready; an end without one says failed, and the child's status tells how. */
static _Noreturn void wait_for_child(pid_t child, int fd)
{
	char byte;
	int status = 0;

	if (read(fd, &byte, 1) == 1)
		_exit(EXIT_SUCCESS);
	waitpid(child, &status, 0);
	_exit(WIFEXITED(status) ? WEXITSTATUS(status) : EXIT_FAILURE);
}

/* The directory will be left. Too long a path stays as it is, and fails when it is opened. */
static void remember_pid_file(const char *path)
{
	char directory[PATH_MAX];

	if (path[0] == '/' || !getcwd(directory, sizeof(directory)) ||
	    snprintf(pid_path, sizeof(pid_path), "%s/%s", directory, path) >= PATH_MAX)
		snprintf(pid_path, sizeof(pid_path), "%s", path);
}

int background_start(const char *pid_file)
{
	int fds[2];
	pid_t child;

	if (pid_file[0] == '\0')
		return 0;
	remember_pid_file(pid_file);
	if (pipe2(fds, O_CLOEXEC) < 0)
		return -errno;
	child = fork();
	if (child < 0)
		return -errno;
	if (child > 0) {
		close(fds[1]);
		wait_for_child(child, fds[0]);
	}
	close(fds[0]);
	parent_fd = fds[1];
	return setsid() < 0 ? -errno : 0;
}

void background_continue(const char *pid_file)
{
	if (pid_file[0] == '\0')
		return;
	remember_pid_file(pid_file);
	log_use_syslog();
}

static void write_pid_file(const char *path)
{
	FILE *file = fopen(path, "we");

	if (!file || fprintf(file, "%d\n", getpid()) < 0 || fflush(file) != 0)
		log_error("cannot write the pid file %s: %s", path, strerror(errno));
	else
		has_pid_file = true;
	if (file)
		fclose(file);
}

static void detach(void)
{
	int null_fd = open("/dev/null", O_RDWR | O_CLOEXEC);

	log_use_syslog();
	for (int fd = 0; null_fd >= 0 && fd <= 2; fd++)
		dup2(null_fd, fd);
	if (null_fd > 2)
		close(null_fd);
	if (chdir("/") < 0)
		log_debug("chdir: %s", strerror(errno));
}

void background_ready(const char *pid_file)
{
	if (pid_file[0] == '\0')
		return;
	write_pid_file(pid_path);
	if (parent_fd >= 0) {
		if (write(parent_fd, "r", 1) != 1)
			log_debug("the parent did not wait");
		close(parent_fd);
		parent_fd = -1;
	}
	detach();
}

void background_exit(void)
{
	if (has_pid_file)
		unlink(pid_path);
}
