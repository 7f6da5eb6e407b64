/* SPDX-License-Identifier: GPL-3.0-or-later */
/* daemon/filter.c with the tables of daemon/calls.c: the program is run here, as the kernel would.
 */
#include "suite.h"

#include "daemon/calls.h"
#include "daemon/filter.h"

#include <fcntl.h>
#include <linux/sched.h>
#include <linux/seccomp.h>
#include <linux/sockios.h>
#include <netinet/in.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/syscall.h>

#define PID 4242

static struct filter filter;

/* Skips on an architecture without a filter. */
static void build_for(const struct filter_needs *needs)
{
	if (filter_build(&filter, needs) < 0)
		skip();
}

static void build(bool is_server, bool splices)
{
	build_for(&(struct filter_needs){.is_server = is_server, .splices = splices, .pid = PID});
}

static uint32_t load(const struct seccomp_data *data, uint32_t at)
{
	uint32_t word;

	assert_true(at % 4 == 0 && at + 4 <= sizeof(*data));
	memcpy(&word, (const char *)data + at, sizeof(word));
	return word;
}

/* Of classic BPF what filter.c uses. Jumps go forward only, so it ends. */
static uint32_t verdict(const struct seccomp_data *data)
{
	uint32_t accumulator = 0;

	for (unsigned at = 0; at < filter.n; at++) {
		const struct sock_filter *step = &filter.step[at];

		switch (step->code) {
		case BPF_LD | BPF_W | BPF_ABS:
			accumulator = load(data, step->k);
			break;
		case BPF_ALU | BPF_AND | BPF_K:
			accumulator &= step->k;
			break;
		case BPF_JMP | BPF_JEQ | BPF_K:
			at += accumulator == step->k ? step->jt : step->jf;
			break;
		case BPF_JMP | BPF_JGE | BPF_K:
			at += accumulator >= step->k ? step->jt : step->jf;
			break;
		case BPF_RET | BPF_K:
			return step->k;
		default:
			fail_msg("step %u: unknown code %x", at, step->code);
		}
	}
	fail_msg("it ends without a verdict");
	return 0;
}

static uint32_t ask(int number, uint64_t a, uint64_t b, uint64_t c)
{
	const struct seccomp_data data = {
		.nr = number, .arch = filter_architecture(), .args = {a, b, c}};

	return verdict(&data);
}

#define ALLOWED(...) assert_int_equal(ask(__VA_ARGS__), SECCOMP_RET_ALLOW)
#define REFUSED(...) assert_int_equal(ask(__VA_ARGS__), SECCOMP_RET_TRAP)
#define DEADLY(...)  assert_int_equal(ask(__VA_ARGS__), SECCOMP_RET_KILL_PROCESS)

static void payload_moves(void **state)
{
	build(true, true);
	ALLOWED(SYS_splice, 5, 0, 6);
	ALLOWED(SYS_recvfrom, 5, 0, 6);
	ALLOWED(SYS_sendto, 5, 0, 6);
	ALLOWED(SYS_pipe2, 0, O_NONBLOCK, 0);
	build(true, false);
	ALLOWED(SYS_sendto, 5, 0, 6);
	REFUSED(SYS_splice, 5, 0, 6);
	REFUSED(SYS_pipe2, 0, O_NONBLOCK, 0);
}

static void sockets_are_of_the_internet(void **state)
{
	build(false, true);
	ALLOWED(SYS_socket, AF_INET, SOCK_STREAM, 0);
	ALLOWED(SYS_socket, AF_INET6, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 262);
	REFUSED(SYS_socket, AF_UNIX, SOCK_STREAM, 0);
	REFUSED(SYS_socket, AF_NETLINK, SOCK_RAW, 0);
	REFUSED(SYS_socket, AF_INET, SOCK_RAW, IPPROTO_TCP);
	REFUSED(SYS_socket, AF_INET, SOCK_STREAM, IPPROTO_SCTP);
	/* the kernel takes the lower half, an int */
	ALLOWED(SYS_socket, AF_INET | 1ULL << 32, SOCK_STREAM, 0);
	REFUSED(SYS_socket, (uint64_t)AF_INET << 32 | AF_UNIX, SOCK_STREAM, 0);
}

static void only_a_server_sends_datagrams(void **state)
{
	build(false, true);
	REFUSED(SYS_socket, AF_INET, SOCK_DGRAM, 0);
	REFUSED(SYS_socket, AF_INET, SOCK_STREAM, IPPROTO_UDP);
	build(true, true);
	ALLOWED(SYS_socket, AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, IPPROTO_UDP);
	ALLOWED(SYS_socket, AF_INET6, SOCK_STREAM, IPPROTO_TCP);
	REFUSED(SYS_socket, AF_UNIX, SOCK_DGRAM, 0);
}

static void arguments_matter(void **state)
{
	build(true, true);
#ifdef SYS_mmap
	ALLOWED(SYS_mmap, 0, 4096, PROT_READ | PROT_WRITE);
	REFUSED(SYS_mmap, 0, 4096, PROT_READ | PROT_EXEC);
#endif
	ALLOWED(SYS_mprotect, 0, 4096, PROT_NONE);
	REFUSED(SYS_mprotect, 0, 4096, PROT_READ | PROT_WRITE | PROT_EXEC);
	ALLOWED(SYS_ioctl, 5, SIOCOUTQ, 0);
	REFUSED(SYS_ioctl, 5, TIOCSTI, 0);
#ifdef SYS_fcntl
	ALLOWED(SYS_fcntl, 5, F_SETPIPE_SZ, 1 << 20);
	REFUSED(SYS_fcntl, 5, F_SETOWN, 1);
#endif
	ALLOWED(SYS_tgkill, PID, PID, 6);
	REFUSED(SYS_tgkill, PID + 1, PID, 6);
	REFUSED(SYS_tkill, 1, 6, 0);
}

/* CAP_NET_RAW is for one thing: what else it would permit is refused. */
static void a_foreign_address_and_no_more(void **state)
{
	build(true, true);
	ALLOWED(SYS_setsockopt, 5, SOL_SOCKET, SO_KEEPALIVE);
	build_for(&(struct filter_needs){
		.is_server = true, .splices = true, .keeps_raw = true, .pid = PID});
	ALLOWED(SYS_setsockopt, 5, IPPROTO_IP, IP_TRANSPARENT);
	ALLOWED(SYS_setsockopt, 5, IPPROTO_IPV6, 75 /* IPV6_TRANSPARENT */);
	ALLOWED(SYS_setsockopt, 5, IPPROTO_IP, IP_BIND_ADDRESS_NO_PORT);
	ALLOWED(SYS_setsockopt, 5, SOL_SOCKET, SO_LINGER);
	ALLOWED(SYS_setsockopt, 5, SOL_SOCKET, SO_RCVBUF);
	ALLOWED(SYS_setsockopt, 5, SOL_SOCKET, SO_RCVLOWAT);
	ALLOWED(SYS_setsockopt, 5, IPPROTO_TCP, 1 /* TCP_NODELAY */);
	REFUSED(SYS_setsockopt, 5, SOL_SOCKET, SO_MARK);
	REFUSED(SYS_setsockopt, 5, SOL_SOCKET, SO_BINDTODEVICE);
	REFUSED(SYS_setsockopt, 5, SOL_SOCKET, SO_ATTACH_FILTER);
	REFUSED(SYS_setsockopt, 5, SOL_RAW, 1);
	REFUSED(SYS_socket, AF_INET, SOCK_RAW, IPPROTO_ICMP);
	REFUSED(SYS_socket, AF_PACKET, SOCK_RAW, 0);
	REFUSED(SYS_socket, AF_NETLINK, SOCK_RAW, 0);
	assert_in_range(filter.n, 2 * calls_n_allowed, FILTER_STEPS_MAX - 64);
}

static void attacks_are_deadly(void **state)
{
	build(true, true);
	DEADLY(SYS_execve, 0, 0, 0);
	DEADLY(SYS_clone, CLONE_VM, 0, 0);
	DEADLY(SYS_kill, PID, 9, 0);
	DEADLY(SYS_ptrace, 0, 0, 0);
	DEADLY(SYS_process_vm_writev, 1, 0, 0);
}

static void anything_else_is_refused(void **state)
{
	build(true, true);
	REFUSED(SYS_openat, 0, 0, 0);
	REFUSED(SYS_read, 0, 0, 0);
	REFUSED(SYS_listen, 5, 1, 0);
	REFUSED(SYS_sendmsg, 5, 0, 0);
	REFUSED(SYS_recvmsg, 5, 0, 0);
	REFUSED(SYS_prctl, 4, 1, 0);
	REFUSED(SYS_dup, 5, 0, 0);
	REFUSED(100000, 0, 0, 0);
}

static void other_architectures_are_deadly(void **state)
{
	struct seccomp_data data = {.nr = SYS_close, .arch = 0};

	build(true, true);
	assert_int_equal(verdict(&data), SECCOMP_RET_KILL_PROCESS);
#ifdef __x86_64__
	DEADLY(0x40000000 | SYS_close, 5, 0, 0);
	DEADLY(-1, 0, 0, 0);
#endif
}

/* A row twice is a row too many; one in both tables would be allowed. */
static void tables_agree(void **state)
{
	for (unsigned i = 0; i < calls_n_allowed; i++) {
		for (unsigned k = i + 1; k < calls_n_allowed; k++)
			if (calls_allowed[i].number == calls_allowed[k].number)
				assert_int_not_equal(calls_allowed[i].need, calls_allowed[k].need);
		for (unsigned k = 0; k < calls_n_deadly; k++)
			assert_int_not_equal(calls_allowed[i].number, calls_deadly[k]);
	}
}

/* The kernel's bound is 4096; a step is one comparison more for each call. */
static void program_fits(void **state)
{
	build(true, true);
	assert_in_range(filter.n, 2 * calls_n_allowed, FILTER_STEPS_MAX - 64);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(payload_moves),
		cmocka_unit_test(sockets_are_of_the_internet),
		cmocka_unit_test(only_a_server_sends_datagrams),
		cmocka_unit_test(arguments_matter),
		cmocka_unit_test(a_foreign_address_and_no_more),
		cmocka_unit_test(attacks_are_deadly),
		cmocka_unit_test(anything_else_is_refused),
		cmocka_unit_test(other_architectures_are_deadly),
		cmocka_unit_test(tables_agree),
		cmocka_unit_test(program_fits),
	};

	RUN_SUITE(tests);
}
