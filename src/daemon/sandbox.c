/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What a worker is kept from by the kernel, beside having no privileges. */
#include "daemon/sandbox.h"

#include "base/log.h"
#include "daemon/channel.h"
#include "daemon/privilege.h"
#include "daemon/room.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/seccomp.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <ucontext.h>
#include <unistd.h>

/*
 * Theory of operation. A refused call is not made: the kernel sends SIGSYS in its place
 * (SECCOMP_RET_TRAP). The handler puts -EPERM where the C library looks for the result, tells the
 * supervisor, and the worker goes on: a library that asks for something unforeseen must not cost a
 * thousand flows. The handler does not log by itself, for the call may have been made inside of
 * what logs. Memory is not touched but its own stack.
 */

#ifdef MPBRIDGE_SANITIZED
static const bool is_possible = false;
#else
static const bool is_possible = true;
#endif

#ifndef SYS_SECCOMP /* si_code of SIGSYS: musl has no name for it */
#define SYS_SECCOMP 1
#endif

static int report_fd = -1;

static void lead_nowhere(int first, int last)
{
	int null_fd = open("/dev/null", O_RDWR | O_CLOEXEC);

	for (int fd = first; null_fd >= 0 && fd <= last; fd++)
		dup2(null_fd, fd);
	if (null_fd > last)
		close(null_fd);
}

static void tell_room(enum room room, int error)
{
	switch (room) {
	case ROOM_ALONE:
		log_debug("workers see no files: an empty mount namespace is their root");
		break;
	case ROOM_EMPTY:
		log_debug("workers see no files: a removed directory is their root (no mount "
			  "namespace: %s)",
			  strerror(-error));
		break;
	case ROOM_OPEN:
		log_info("workers see the file system as their user does: %s; it takes "
			 "CAP_SYS_ADMIN or CAP_SYS_CHROOT to keep it from them",
			 strerror(-error));
		break;
	}
}

void sandbox_enter(bool is_silent, bool tells)
{
	int error;
	enum room room;

	lead_nowhere(STDIN_FILENO, is_silent ? STDERR_FILENO : STDOUT_FILENO);
	clearenv();
	if (!is_possible)
		return;
	room = room_enter(&error);
	if (tells)
		tell_room(room, error);
}

static void set_limit(int resource, rlim_t most)
{
	setrlimit(resource, &(struct rlimit){most, most});
}

/* A log that is a file has to grow. */
static bool is_stderr_a_file(void)
{
	struct stat about;

	return fstat(STDERR_FILENO, &about) == 0 && S_ISREG(about.st_mode);
}

void sandbox_limit(void)
{
	privilege_hide_memory(); /* changing the user may have made it readable again */
	/* of a user's processes all are counted, but the bound is this process's own: it forks none
	 */
	if (is_possible)
		set_limit(RLIMIT_NPROC, 0);
	if (!is_stderr_a_file())
		set_limit(RLIMIT_FSIZE, 0);
}

/* Where the interrupted call's result is, as the kernel's own return from it would leave it. */
static void fail_call(ucontext_t *context, int error)
{
#if defined(__x86_64__)
	context->uc_mcontext.gregs[REG_RAX] = -error;
#elif defined(__i386__)
	context->uc_mcontext.gregs[REG_EAX] = -error;
#elif defined(__aarch64__)
	context->uc_mcontext.regs[0] = (unsigned long)-error;
#elif defined(__arm__)
	context->uc_mcontext.arm_r0 = (unsigned long)-error;
#elif defined(__mips__)
	context->uc_mcontext.gregs[2] = (unsigned)error; /* v0, and a3 says that it is an error */
	context->uc_mcontext.gregs[7] = 1;
#elif defined(__riscv)
	context->uc_mcontext.__gregs[10] = (unsigned long)-error; /* a0 */
#else
	(void)context;
	(void)error;
#endif
}

static void on_refused(int number, siginfo_t *info, void *context)
{
	struct message message = {.type = MESSAGE_REFUSED, .call = info->si_syscall};
	int saved = errno;

	(void)number;
	if (info->si_code != SYS_SECCOMP)
		return;
	channel_send(report_fd, &message);
	fail_call(context, EPERM);
	errno = saved;
}

static int install(const struct filter_needs *needs)
{
	struct sigaction action = {.sa_sigaction = on_refused, .sa_flags = SA_SIGINFO};
	static struct filter filter; /* too large for a small stack */
	struct sock_fprog program = {.filter = filter.step};
	int error = filter_build(&filter, needs);

	if (error < 0)
		return error;
	program.len = (unsigned short)filter.n;
	if (sigaction(SIGSYS, &action, NULL) < 0 ||
	    prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &program, 0, 0) < 0)
		return -errno;
	return 0;
}

void sandbox_close(const struct filter_needs *needs, int channel_fd, bool tells)
{
	int error = 0;

	if (is_possible) {
		report_fd = channel_fd;
		error = install(needs);
	}
	if (!tells)
		return;
	if (!is_possible)
		log_info("a build with a sanitizer: workers see files and make any system call");
	else if (error < 0)
		log_info("workers may make any system call: this kernel takes no filter: %s",
			 strerror(-error));
	else
		log_debug("workers make the system calls that they need, and no others");
}
