/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What a start and a reload do alike with the parts of a supervisor. */
#include "daemon/parts.h"

#include "base/log.h"

#include <sched.h>
#include <stdio.h>
#include <string.h>

void parts_describe_routers(const struct conf *conf, char text[static PARTS_ROUTERS_BYTES])
{
	int length = snprintf(text, PARTS_ROUTERS_BYTES, "%u", conf->server_port);

	for (unsigned i = 0; i < conf->n_servers; i++) {
		char ip[ADDRESS_TEXT_BYTES];

		length += snprintf(text + length, PARTS_ROUTERS_BYTES - (size_t)length, " %u %s",
				   conf->server[i].router,
				   address_format_ip(&conf->server[i].address, ip));
	}
}

unsigned parts_count_workers(const struct conf *conf)
{
	cpu_set_t cpus;
	unsigned n = conf->workers;

	if (n == 0)
		n = sched_getaffinity(0, sizeof(cpus), &cpus) == 0 ? (unsigned)CPU_COUNT(&cpus) : 1;
	return n < CONF_WORKERS_MAX ? n : CONF_WORKERS_MAX;
}

/* A client's answers of 2022 name the request that they are for: none of them can be a recording.
 */
static bool needs_salts(const struct conf *conf)
{
	return conf->method->format == METHOD_2017 ||
	       (conf->method->format == METHOD_2022 && conf->role == CONF_SERVER);
}

int parts_prepare_salts(struct parts *parts, const struct conf *conf, unsigned n_tables,
			const struct salts_handover *from)
{
	uint16_t port = conf->role == CONF_SERVER ? conf->server_port : conf->local_port;
	int error;

	/* one that is there is kept: it has to know what streams there were when it is needed again
	 */
	if (!needs_salts(conf) && !from)
		return 0;
	error = parts->salts.store ? salts_file_fit(&parts->salts, n_tables)
				   : salts_file_open(&parts->salts, port, n_tables, from);
	if (error < 0)
		log_error("no memory for salts: %s", strerror(-error));
	return error;
}
