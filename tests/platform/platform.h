/* SPDX-License-Identifier: GPL-3.0-or-later */
/* A laboratory of two namespaces, and the verdict: what every program of tests/platform is made of.
 */
#ifndef MPBRIDGE_PLATFORM_H
#define MPBRIDGE_PLATFORM_H

#include <errno.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdbool.h>
#include <stddef.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

/*
 * Theory of operation. Each program is one main() about one fact of the kernel. It begins with
 * platform_begin(FACT), and ends in one of three ways: platform_ok() prints "ok: FACT" (exit 0), a
 * failed PLATFORM_EXPECT prints "differs: FACT: saw ..." (exit 1), platform_skip() says what is
 * lacking (exit 77). A program that hangs is ended by an alarm, which counts as "differs".
 *
 * The process has one thread and moves between namespaces that have no name: they hold no file and
 * vanish with the process, however it ends. A socket stays in the namespace it was made in, so both
 * ends of a connection are in one program. Commands run in the namespace where the process is.
 *
 * The laboratory: two routers, `client` and `server`, joined by links wan1, wan2, ... (veth). On
 * link i the client is 10.10.i.1 and fd00:10:i::1, the server 10.10.i.2 and fd00:10:i::2. The
 * server has 10.99.0.2 and fd00:99::2 on its loopback besides, for the case of a rented server.
 *
 * Nothing waits for a time to pass: PLATFORM_WAIT looks until the condition holds, and its limit
 * only says when to give up.
 */

#ifndef IPPROTO_MPTCP
#define IPPROTO_MPTCP 262
#endif
#ifndef SOL_MPTCP
#define SOL_MPTCP 284
#endif
#ifndef TCP_IS_MPTCP
#define TCP_IS_MPTCP 43
#endif
#ifndef TCP_RTO_MAX_MS
#define TCP_RTO_MAX_MS 44
#endif
#ifndef SO_ORIGINAL_DST
#define SO_ORIGINAL_DST 80 /* linux/netfilter_ipv4.h; IP6T_SO_ORIGINAL_DST has the same number */
#endif
#define PLATFORM_MPTCP_INFO                                                                        \
	1 /* linux/mptcp.h can not be included beside netinet/in.h everywhere                      \
	   */

#define PLATFORM_PORT	  8388
#define PLATFORM_LIMIT_MS 10000
#define PLATFORM_RENTED	  "10.99.0.2"
#define PLATFORM_RENTED_6 "fd00:99::2"

struct platform_lab {
	int client; /* network namespaces, as descriptors */
	int server;
};

/* The sockets of one connection; all blocking. */
struct platform_pair {
	int listener;
	int client;
	int server;
};

/* Ends the program with "differs" unless `condition` holds; the rest says what was seen, as printf.
 */
#define PLATFORM_EXPECT(condition, ...)                                                            \
	do {                                                                                       \
		if (!(condition))                                                                  \
			platform_differs(__VA_ARGS__);                                             \
	} while (0)

/* As PLATFORM_EXPECT, but gives the condition PLATFORM_LIMIT_MS to come true. */
#define PLATFORM_WAIT(condition, ...)                                                              \
	do {                                                                                       \
		long end_ms_ = platform_now_ms() + PLATFORM_LIMIT_MS;                              \
		while (!(condition)) {                                                             \
			if (platform_now_ms() > end_ms_)                                           \
				platform_differs(__VA_ARGS__);                                     \
			usleep(5000);                                                              \
		}                                                                                  \
	} while (0)

/* First call of each program: remembers the fact, wants root, starts the alarm, enters a new
 * namespace. */
void platform_begin(const char *fact);

/* Last call: says "ok"; returns the exit status. */
int platform_ok(void);

__attribute__((noreturn, format(printf, 1, 2))) void platform_differs(const char *seen, ...);
__attribute__((noreturn, format(printf, 1, 2))) void platform_skip(const char *why, ...);

/* Skips the program on a kernel older than major.minor, where the fact is not promised. */
void platform_needs_kernel(int major, int minor);

long platform_now_ms(void);

/* Makes a network namespace (loopback up, no reverse path filter) and enters it; its descriptor. */
int platform_namespace(void);
void platform_enter(int namespace);

/* Runs a shell command here. A command that fails ends the program with "differs". */
__attribute__((format(printf, 1, 2))) void platform_run(const char *format, ...);

/* How many lines a shell command prints here. Its exit status does not matter. */
__attribute__((format(printf, 1, 2))) int platform_lines(const char *format, ...);

/* Sets /proc/sys/NAME (with slashes) of the namespace where we are. False: there is no such name.
 */
bool platform_sysctl(const char *name, const char *value);

/* A MIB counter of the namespace where we are, by nstat's name; 0 if the kernel has none such. */
long platform_counter(const char *name);

/* Established TCP sockets and MPTCP subflows here from one address to another, on PLATFORM_PORT. */
int platform_subflows(const char *local, const char *remote);

/* All TCP sockets and subflows here towards PLATFORM_PORT, in any state but listening and closing.
 */
int platform_dialed(void);

/* Makes the laboratory with `links` links and MPTCP limits of 8; we are on the client then. */
void platform_lab(struct platform_lab *lab, int links);

/*
 * The rented server: the client's main table leads to its one address over link 1 only, and table
 * 100 + i over link i. No rule uses these tables yet. To be called, and returns, on the client.
 */
void platform_lab_rent(int links);

/* The server announces its address on `link`. Returns on the client. */
void platform_lab_announce(const struct platform_lab *lab, int link);

/* `ip` (IPv4, IPv6, or "::ffff:..." for IPv4 on an IPv6 socket) as a socket address; its length. */
socklen_t platform_address(const char *ip, int port, struct sockaddr_storage *out);

/* A listener here on `ip` and PLATFORM_PORT; `protocol` is 0 (TCP) or IPPROTO_MPTCP. */
int platform_listen(const char *ip, int protocol);

/* Connects from here to `ip` and PLATFORM_PORT; -errno if that fails. */
int platform_dial(const char *ip, int protocol);

/* The same over a socket that the caller has made and prepared. 0 or -errno. */
int platform_connect(int fd, const char *ip, int port);

/* Accepts one connection, waiting for it. */
int platform_accept(int listener);

/* An MPTCP connection from the client to `ip` on the server. Returns on the client. */
void platform_pair(const struct platform_lab *lab, const char *ip, struct platform_pair *pair);
void platform_pair_close(struct platform_pair *pair);

/* Sends `bytes` bytes from one socket to the other, and expects each of them to arrive as sent. */
void platform_transfer(int from, int to, size_t bytes);

/* The byte that a stream of platform_transfer()'s kind has at `offset`. */
unsigned char platform_pattern(size_t offset);

/* Sends what the socket takes now of the stream's bytes from `offset` to `end`; how many that were.
 */
size_t platform_send(int fd, size_t offset, size_t end);

/* Takes what has come of the stream, which continues at `offset`; each byte must be right. */
size_t platform_receive(int fd, size_t offset);

void platform_set_blocking(int fd, bool blocking);

/* Waits for poll events; what poll reported, 0 if nothing came before PLATFORM_LIMIT_MS. */
int platform_poll(int fd, int events);

/* Reads an int option; -errno if it is refused. */
int platform_option(int fd, int level, int name);

#endif
