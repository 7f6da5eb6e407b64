/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The configuration: one plain struct, filled from a file and from flags, checked as a whole. */
#ifndef MPBRIDGE_CONF_H
#define MPBRIDGE_CONF_H

#include "base/address.h"
#include "conf/messages.h"
#include "shadowsocks/method.h"

#include <net/if.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>

#define CONF_SERVERS_MAX      8
#define CONF_PATHS_MAX	      8
#define CONF_NETS_MAX	      64
#define CONF_WORKERS_MAX      64
#define CONF_INTERFACES_MAX   16
#define CONF_PORTS_MAX	      16
#define CONF_NAMESERVERS_MAX  4
#define CONF_CONGESTION_BYTES 16  /* the kernel's TCP_CA_NAME_MAX */
#define CONF_NAME_BYTES	      256 /* a host name: 253 characters (RFC 1035) and NUL */

enum conf_role { CONF_CLIENT, CONF_SERVER };

/* How payload is moved. AUTO is splice. COPY is there for tests and for kernels with a fault. */
enum conf_forward { CONF_FORWARD_AUTO, CONF_FORWARD_COPY };

/* Client: what becomes of new connections while no path leads to the far router. */
enum conf_on_peer_down { CONF_PEER_DOWN_REFUSE, CONF_PEER_DOWN_DIRECT };

/* An address, or a name that has to be resolved first (then address.family is 0). */
struct conf_host {
	char name[CONF_NAME_BYTES]; /* as written */
	struct address address;	    /* without a port */
	uint8_t router;		    /* client: which of the far routers it leads to, from 0 */
};

/* What a path is for. BACKUP: for when no other works. SECONDARY: for what others leave of it. */
enum conf_path_role { CONF_PRIMARY, CONF_BACKUP, CONF_SECONDARY };

/*
 * The name of a congestion control; "": the kernel's own default. If it is not given, it is
 * CONF_CONGESTION_DEFAULT, and nobody minds if the kernel does not have that.
 */
#define CONF_CONGESTION_DEFAULT "bbr"

struct conf_congestion {
	bool is_given;
	char name[CONF_CONGESTION_BYTES];
};

/* What the outer packets of a link are marked with: Lower Effort (RFC 8622), or what was used for
 * it before (RFC 3662). */
enum conf_dscp { CONF_DSCP_NONE, CONF_DSCP_LE, CONF_DSCP_CS1 };

struct conf_path {
	char interface[IF_NAMESIZE];
	struct address address; /* our address on this link; family 0: the interface's own */
	struct address gateway; /* next hop on this link; family 0: what the main table says */
	enum conf_path_role role;
	/* If not given for it, that of all paths; with SECONDARY, "": one that yields. */
	struct conf_congestion congestion;
	enum conf_dscp dscp;
};

/* How connections are intercepted: AUTO is TPROXY where the kernel has it, else REDIRECT. */
enum conf_intercept_mode { CONF_INTERCEPT_AUTO, CONF_INTERCEPT_TPROXY, CONF_INTERCEPT_REDIRECT };

/* first <= last; first 0: none */
struct conf_ports {
	uint16_t first, last;
};

struct conf_interface {
	char name[IF_NAMESIZE];
};

/* The bit of a packet's mark that is ours, if the configuration names no other one. */
#define CONF_MARK_DEFAULT 0x40000000u

/* The same of a server with transparent_source. A client may run beside it, so it is another one.
 */
#define CONF_TRANSPARENT_MARK_DEFAULT 0x10000000u

/* Client: which connections are taken over by rules of our own. */
struct conf_intercept {
	bool is_given; /* if not, the firewall is left alone */
	struct conf_interface interface[CONF_INTERFACES_MAX];
	unsigned n_interfaces;
	struct network exclude[CONF_NETS_MAX];
	unsigned n_exclude;
	struct network include[CONF_NETS_MAX]; /* none: everything that is not excluded */
	unsigned n_include;
	struct conf_ports port[CONF_PORTS_MAX]; /* none: all */
	unsigned n_ports;
	enum conf_intercept_mode mode;
	bool local_output; /* the router's own connections, too */
	uint32_t mark;	   /* one bit: what is taken over */
};

struct conf {
	enum conf_role role;
	/* client: the addresses of the far routers, router by router. server: where to listen. */
	struct conf_host server[CONF_SERVERS_MAX];
	unsigned n_servers;
	unsigned n_routers; /* client only */
	uint16_t server_port;
	/* client: where to listen for intercepted connections. server: source of outgoing ones. */
	struct conf_host local[2];
	unsigned n_locals;
	uint16_t local_port;	     /* client only */
	const struct method *method; /* never NULL */
	uint8_t *key;	    /* the master key, method_key_bytes(method) of it; NULL: none */
	uint32_t timeout_s; /* an idle flow ends after it */
	bool fast_open;	    /* accepted, not used */
	enum conf_forward forward;
	enum conf_on_peer_down on_peer_down, on_peer_down_ipv6; /* client only; by destination */
	struct conf_intercept intercept;			/* client only */
	bool tcp_tproxy; /* client only: somebody else's TPROXY rules lead to the listeners */
	struct conf_path path[CONF_PATHS_MAX];
	unsigned n_paths;		   /* 0: derive them */
	struct conf_congestion congestion; /* of paths that are derived */
	struct network allow[CONF_NETS_MAX];
	unsigned n_allow;
	struct network deny[CONF_NETS_MAX];
	unsigned n_deny;
	/* server: whom to ask for names, with ports; none: those of /etc/resolv.conf */
	struct address nameserver[CONF_NAMESERVERS_MAX];
	unsigned n_nameservers;
	/* client: the server is told the addresses of hosts. server: destinations see them. */
	bool transparent_source;
	struct network transparent[CONF_NETS_MAX]; /* server: where hosts are; none: elsewhere */
	unsigned n_transparent;
	uint32_t transparent_mark; /* server: one bit: an answer to a host */
	unsigned workers;	   /* 0: one per core */
	char user[32]; /* the workers' user; "": mpbridge if there is one, else nobody */
	bool is_verbose;
	char pid_file[256]; /* "": stay in the foreground */
};

/*
 * Reads the configuration of `role` from the flags in argv (argv[0] is not looked at), and first
 * from the file that a -c in them names; a flag wins over the file. This is the one function that
 * reads a file here, and it changes nothing anywhere. Both lists start empty. 0: *out is complete
 * and allowed, to be given back with conf_exit(); `notes` has a line for each thing that was
 * accepted but means nothing here, or should be otherwise. -EINVAL: `errors` names every mistake,
 * *out is untouched. Neither list ever holds a password or a key, and those in argv are overwritten
 * there, out of the sight of ps(1).
 */
int conf_read(enum conf_role role, int argc, char **argv, struct conf *out, struct messages *errors,
	      struct messages *notes);

/* Wipes the key and gives its memory back. */
void conf_exit(struct conf *conf);

/* Client: the far router that has this address, whatever its port; of an unknown one, the first. */
uint8_t conf_router_of(const struct conf *conf, const struct address *server);

/* The second bit of packet marks that is ours, beside intercept.mark: what may pass. */
uint32_t conf_pass_mark(const struct conf *conf);

/* Client: what becomes of connections to this family while no path leads to the far router. */
enum conf_on_peer_down conf_peer_down_of(const struct conf *conf, sa_family_t family);

/* Whether it names the interface. */
bool conf_intercepts(const struct conf_intercept *intercept, const char *interface);

/* Whether the methods and keys of two configurations are the same. */
bool conf_has_same_key(const struct conf *a, const struct conf *b);

/* Client: whether connections may come by TPROXY, so that the listening sockets are transparent. */
bool conf_is_transparent(const struct conf *conf);

/* Server: whether destinations see the addresses of hosts. */
bool conf_shows_hosts(const struct conf *conf);

/* Whether it takes rules of our own in the firewall. */
bool conf_has_rules(const struct conf *conf);

/* Whether a path's packets are to be marked. */
bool conf_has_marks(const struct conf *conf);

/* Whether argv asks for help (-h, --help) instead; its other flags then do not matter. */
bool conf_asks_help(enum conf_role role, int argc, char **argv);

/* Prints what `role` can be told: usage, flags, and the keys of the file. Written from the table.
 */
void conf_print_help(FILE *out, enum conf_role role);

#endif
