/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Stream sockets, MPTCP or TCP, and the few questions and settings we have for them. */
#ifndef MPBRIDGE_SOCKET_H
#define MPBRIDGE_SOCKET_H

#include "base/address.h"

#include <stdbool.h>

enum socket_protocol { SOCKET_TCP, SOCKET_MPTCP };

/* What became of a connection on an MPTCP socket. UNKNOWN: this kernel does not tell (5.15). */
enum socket_mptcp { SOCKET_MPTCP_UNKNOWN, SOCKET_MPTCP_USED, SOCKET_MPTCP_FELL_BACK };

/*
 * Opens a non-blocking, close-on-exec stream socket with TCP_NODELAY. Closing it resets the
 * connection (socket_end_cleanly() changes that), so that a flow cut short never looks complete to
 * its ends, not even when the process is killed. Where the kernel has no MPTCP, or it is switched
 * off (net.mptcp.enabled), SOCKET_MPTCP gives a TCP socket. The descriptor or -errno.
 */
int socket_open(enum socket_protocol protocol, sa_family_t family);

/* Whether this kernel makes MPTCP sockets in this network namespace. */
bool socket_has_mptcp(void);

/* Whether this kernel makes IPv6 sockets (it may be built or booted without). */
bool socket_has_ipv6(void);

/*
 * Whether the kernel has this congestion control, or can load it. If it cannot be asked, it has.
 * (tcp_set_congestion_control())
 */
bool socket_has_congestion(const char *name);

/* Opens a listening socket. With `shares_port` others of ours may listen there too. fd or -errno.
 */
int socket_listen(enum socket_protocol protocol, const struct address *address, bool shares_port,
		  bool is_dual_stack);

/* Accepts one connection; as for socket_open(), closing it resets it. The descriptor or -errno; the
 * peer, IPv4-mapped as IPv4. */
int socket_accept(int listener, struct address *peer);

/* Starts to connect; 0: under way or done; -errno. `local` (may be NULL) is the source address. */
int socket_connect(int fd, bool is_ipv6, const struct address *local, const struct address *remote);

/*
 * The same from the address of somebody else, with its port (0: the kernel chooses one). Needs
 * CAP_NET_RAW or CAP_NET_ADMIN. -EADDRINUSE, -EADDRNOTAVAIL or -EACCES: that port is not to be had,
 * and the socket is of no more use. (ip(7), IP_TRANSPARENT)
 */
int socket_connect_from(int fd, const struct address *host, const struct address *remote);

/* The result of a connect that epoll has reported: 0 or -errno. */
int socket_connect_result(int fd);

enum socket_mptcp socket_mptcp_state(int fd);

/* From now on close() lets the kernel deliver what is unsent and end the connection in order. */
void socket_end_cleanly(int fd);

/* An urgent byte stays in the stream where it was sent (RFC 6093 asks for this). */
void socket_urgent_inline(int fd);

/* Bytes handed to the kernel that the peer has not acknowledged; 0 where the kernel cannot say. */
int socket_unacknowledged_bytes(int fd);

/* The kernel's smoothed round-trip time of a TCP connection, in microseconds; 0: unknown. */
uint32_t socket_rtt_us(int fd);

/* What a send buffer grows to by itself, by the kernel's default for net.ipv4.tcp_wmem. */
#define SOCKET_SEND_BUFFER_BYTES (4u << 20)

uint32_t socket_send_buffer_bytes(int fd);

/*
 * Gives the send buffer this size; it then grows no more by itself. What is in it stays there. On
 * MPTCP each subflow gets the same (mptcp_sol_socket_sync_intval()). False, and nothing is changed,
 * where net.core.wmem_max does not allow SOCKET_SEND_BUFFER_BYTES; of more it gives what it allows.
 */
bool socket_set_send_buffer(int fd, uint32_t bytes);

/*
 * Makes the receive buffer this large, or as large as net.core.rmem_max allows; it then grows no
 * more by itself. On MPTCP each subflow gets the same. Where that is no more than it has, nothing
 * is changed.
 */
void socket_enlarge_receive_buffer(int fd, uint32_t bytes);

/*
 * How much of a stream may be under way at once: the smaller of what the largest send buffer and
 * the largest receive buffer (net.ipv4.tcp_wmem, tcp_rmem) hold of payload.
 */
uint64_t socket_most_buffered_bytes(void);

struct address socket_local_address(int fd);

/* The other end; of MPTCP, that of the subflow that began it. Family 0: it is not connected. */
struct address socket_remote_address(int fd);

/*
 * Lets TPROXY hand connections to this listening socket that are for any address; those accepted
 * have that address as their own. Needs CAP_NET_ADMIN or CAP_NET_RAW. 0 or -errno.
 * (IP_TRANSPARENT, IPV6_TRANSPARENT)
 */
int socket_set_transparent(int fd, sa_family_t family);

/*
 * Where an intercepted connection wanted to go, by conntrack, which knows it of REDIRECT and of
 * TPROXY. 0 or -errno: -ENOENT or -ENOPROTOOPT when conntrack does not know the connection, or is
 * not there. The socket must be TCP: MPTCP refuses the question.
 */
int socket_original_destination(int fd, sa_family_t family, struct address *out);

#endif
