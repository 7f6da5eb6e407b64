/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The system calls that a worker may make, and those for which it is killed. */
#include "daemon/calls.h"

#include <fcntl.h>
#include <linux/sockios.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stddef.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/syscall.h>

#ifndef IPPROTO_MPTCP
#define IPPROTO_MPTCP 262
#endif
#ifndef IPV6_TRANSPARENT
#define IPV6_TRANSPARENT 75
#endif

/*
 * Theory of operation. The tables are read from above, once for each call that the worker makes,
 * so those of the data path come first. Not every architecture has every call (arm has mmap2, mips
 * has recv, 32 bits have futex_time64, x86-64 has none of these): each row stands under the name
 * it needs. What the C library makes of one function may differ between libraries and versions,
 * which is why a group lists all the ways to say the same thing. A call that is in neither table
 * fails with EPERM and is reported.
 */

#define ALL_BITS  UINT32_MAX
#define ALL_TYPES (~(uint32_t)(SOCK_NONBLOCK | SOCK_CLOEXEC))
#define INTERNET                                                                                   \
	{                                                                                          \
		.argument = 0, .n = 2, .mask = ALL_BITS, .value = { AF_INET, AF_INET6 }            \
	}
#define N_ROWS(table) (sizeof(table) / sizeof((table)[0]))
#define ROW(call, need)                                                                            \
	{                                                                                          \
		SYS_##call, need, NULL, 0                                                          \
	}

/* Connections to the far router or to destinations, and a fresh one to ask the kernel something. */
static const struct call_test client_socket[] = {
	INTERNET,
	{.argument = 1, .n = 1, .mask = ALL_TYPES, .value = {SOCK_STREAM}},
	{.argument = 2, .n = 3, .mask = ALL_BITS, .value = {0, IPPROTO_TCP, IPPROTO_MPTCP}},
	{.n = 0},
};

/* The same, and name servers. */
static const struct call_test server_socket[] = {
	INTERNET,
	{.argument = 1, .n = 2, .mask = ALL_TYPES, .value = {SOCK_STREAM, SOCK_DGRAM}},
	{.argument = 2,
	 .n = 4,
	 .mask = ALL_BITS,
	 .value = {0, IPPROTO_TCP, IPPROTO_UDP, IPPROTO_MPTCP}},
	{.n = 0},
};

/* Not F_SETOWN, which sends signals, nor a duplicate of what is open. */
static const struct call_test plain_fcntl[] = {
	{.argument = 1,
	 .n = 5,
	 .mask = ALL_BITS,
	 .value = {F_GETFD, F_SETFD, F_GETFL, F_SETFL, F_SETPIPE_SZ}},
	{.n = 0},
};

/*
 * With CAP_NET_RAW: those of kernel/socket.c and kernel/receive_buffer.c, by their level and by
 * their number. Not SO_MARK, and not SO_BINDTODEVICE, which then may be changed.
 */
static const struct call_test few_options[] = {
	{.argument = 1,
	 .n = 4,
	 .mask = ALL_BITS,
	 .value = {SOL_SOCKET, IPPROTO_TCP, IPPROTO_IP, IPPROTO_IPV6}},
	{.argument = 2,
	 .n = 10,
	 .mask = ALL_BITS,
	 .value = {SO_LINGER, SO_OOBINLINE, SO_RCVBUF, SO_RCVLOWAT, SO_REUSEADDR, SO_SNDBUF,
		   TCP_NODELAY, IP_BIND_ADDRESS_NO_PORT, IP_TRANSPARENT, IPV6_TRANSPARENT}},
	{.n = 0},
};

/* What is not acknowledged. Not TIOCSTI, which types on the terminal that may be stderr. */
static const struct call_test queue_ioctl[] = {
	{.argument = 1, .n = 1, .mask = ALL_BITS, .value = {SIOCOUTQ}},
	{.n = 0},
};

/* No memory that is both written and run. */
static const struct call_test not_executable[] = {
	{.argument = 2, .n = 1, .mask = PROT_EXEC, .value = {0}},
	{.n = 0},
};

const struct call calls_allowed[] = {
/* the loop */
#ifdef SYS_epoll_wait
	ROW(epoll_wait, CALL_ALWAYS),
#endif
	ROW(epoll_pwait, CALL_ALWAYS),
#ifdef SYS_epoll_pwait2
	ROW(epoll_pwait2, CALL_ALWAYS),
#endif

	/* payload, the address header, messages of the channel, lines of the log */
	ROW(splice, CALL_SPLICING),
	ROW(recvfrom, CALL_ALWAYS),
	ROW(sendto, CALL_ALWAYS),
	ROW(readv, CALL_ALWAYS),
	ROW(writev, CALL_ALWAYS),
#ifdef SYS_recv
	ROW(recv, CALL_ALWAYS),
#endif
#ifdef SYS_send
	ROW(send, CALL_ALWAYS),
#endif
	ROW(write, CALL_ALWAYS),

	/* the life of a connection */
	ROW(getsockopt, CALL_ALWAYS),
	ROW(setsockopt, CALL_NOT_RAW),
	{SYS_setsockopt, CALL_RAW, few_options, 0},
	ROW(epoll_ctl, CALL_ALWAYS),
	ROW(close, CALL_ALWAYS),
	ROW(accept4, CALL_ALWAYS),
	{SYS_socket, CALL_CLIENT, client_socket, 0},
	{SYS_socket, CALL_SERVER, server_socket, 0},
	ROW(bind, CALL_ALWAYS),
	ROW(connect, CALL_ALWAYS),
	ROW(shutdown, CALL_ALWAYS),
	ROW(getsockname, CALL_ALWAYS),
	ROW(getpeername, CALL_ALWAYS),
	{SYS_ioctl, CALL_ALWAYS, queue_ioctl, 0},
	ROW(pipe2, CALL_SPLICING),
#ifdef SYS_fcntl
	{SYS_fcntl, CALL_ALWAYS, plain_fcntl, 0},
#endif
#ifdef SYS_fcntl64
	{SYS_fcntl64, CALL_ALWAYS, plain_fcntl, 0},
#endif

	/* memory: malloc(), free(), realloc(), and giving back what is not used */
	ROW(brk, CALL_ALWAYS),
#ifdef SYS_mmap
	{SYS_mmap, CALL_ALWAYS, not_executable, 0},
#endif
#ifdef SYS_mmap2
	{SYS_mmap2, CALL_ALWAYS, not_executable, 0},
#endif
	{SYS_mprotect, CALL_ALWAYS, not_executable, 0},
	ROW(mremap, CALL_ALWAYS),
	ROW(munmap, CALL_ALWAYS),
	ROW(madvise, CALL_ALWAYS),

/* the time, where the vDSO cannot tell it */
#ifdef SYS_clock_gettime
	ROW(clock_gettime, CALL_ALWAYS),
#endif
#ifdef SYS_clock_gettime64
	ROW(clock_gettime64, CALL_ALWAYS),
#endif
#ifdef SYS_gettimeofday
	ROW(gettimeofday, CALL_ALWAYS),
#endif

/* libraries: locks, salts and nonces, whether it is still the same process */
#ifdef SYS_futex
	ROW(futex, CALL_ALWAYS),
#endif
#ifdef SYS_futex_time64
	ROW(futex_time64, CALL_ALWAYS),
#endif
	ROW(getrandom, CALL_ALWAYS),
	ROW(getpid, CALL_ALWAYS),
	ROW(gettid, CALL_ALWAYS),

	/* the end, by a failed assertion too, which tells of itself and sends SIGABRT to itself */
	ROW(exit_group, CALL_ALWAYS),
	ROW(exit, CALL_ALWAYS),
	ROW(rt_sigprocmask, CALL_ALWAYS),
	{SYS_tgkill, CALL_ALWAYS, NULL, 1},
	{SYS_tkill, CALL_ALWAYS, NULL, 1},

/* back from a signal, and on after SIGSTOP */
#ifdef SYS_sigreturn
	ROW(sigreturn, CALL_ALWAYS),
#endif
	ROW(rt_sigreturn, CALL_ALWAYS),
	ROW(restart_syscall, CALL_ALWAYS),
};

const unsigned calls_n_allowed = N_ROWS(calls_allowed);

const int calls_deadly[] = {
	/* another program, another process */
	SYS_execve,
	SYS_execveat,
	SYS_clone,
#ifdef SYS_fork
	SYS_fork,
#endif
#ifdef SYS_vfork
	SYS_vfork,
#endif
#ifdef SYS_clone3
	SYS_clone3,
#endif

	/* into other processes */
	SYS_kill,
	SYS_ptrace,
	SYS_process_vm_readv,
	SYS_process_vm_writev,
#ifdef SYS_pidfd_open
	SYS_pidfd_open,
#endif
#ifdef SYS_pidfd_getfd
	SYS_pidfd_getfd,
#endif
#ifdef SYS_pidfd_send_signal
	SYS_pidfd_send_signal,
#endif

	/* out of the room */
	SYS_chroot,
	SYS_pivot_root,
	SYS_mount,
	SYS_umount2,
	SYS_unshare,
	SYS_setns,
	SYS_open_by_handle_at,

	/* parts of the kernel that are often the way in */
	SYS_bpf,
	SYS_perf_event_open,
	SYS_userfaultfd,
	SYS_keyctl,
	SYS_add_key,
	SYS_request_key,
	SYS_init_module,
	SYS_finit_module,
	SYS_kexec_load,
#ifdef SYS_io_uring_setup
	SYS_io_uring_setup,
#endif
};

const unsigned calls_n_deadly = N_ROWS(calls_deadly);
