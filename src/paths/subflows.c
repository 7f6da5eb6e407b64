/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The subflows of this bridge that are open now, as the kernel tells of them. */
#include "paths/subflows.h"

#include "paths/report.h"

#include <errno.h>

int subflows_look(const struct conf *conf, struct inet_diag_subflows *subflows)
{
	bool is_client = conf->role == CONF_CLIENT;
	int error = inet_diag_dump(is_client ? 0 : conf->server_port,
				   is_client ? conf->server_port : 0, subflows);

	if (error)
		array_free(subflows);
	else
		report_select(conf, subflows);
	return error;
}

static const struct inet_diag_subflow *find(const struct inet_diag_subflows *subflows,
					    const struct address *local,
					    const struct address *remote)
{
	for (size_t i = 0; i < subflows->n; i++) {
		const struct inet_diag_subflow *subflow = &subflows->item[i];

		if (subflow->is_established && subflow->is_mptcp &&
		    address_equal(&subflow->local, local) &&
		    address_equal(&subflow->remote, remote))
			return subflow;
	}
	return NULL;
}

int subflows_close(const struct conf *conf, const struct address *local,
		   const struct address *remote)
{
	struct inet_diag_subflows subflows = {0};
	int error = subflows_look(conf, &subflows);
	const struct inet_diag_subflow *found = find(&subflows, local, remote);

	if (!error)
		error = found ? inet_diag_destroy(found) : -ENOENT;
	array_free(&subflows);
	return error;
}
