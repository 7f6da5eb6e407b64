/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Metrics of a route. */
#include "kernel/metrics.h"

#include <linux/rtnetlink.h>
#include <string.h>

/* How many bytes the attributes of lower types take: the kernel writes them in order of type. */
static size_t bytes_below(const struct rt_route *route, unsigned type)
{
	size_t at = 0;

	while (at + sizeof(struct nlattr) <= route->metrics_bytes) {
		struct nlattr attribute;

		memcpy(&attribute, route->metrics + at, sizeof(attribute));
		if ((attribute.nla_type & NLA_TYPE_MASK) >= type ||
		    attribute.nla_len < sizeof(attribute))
			break;
		at += NLA_ALIGN(attribute.nla_len);
	}
	return at < route->metrics_bytes ? at : route->metrics_bytes;
}

/* Puts an attribute in its place, instead of one of its type. False: there is no room. */
static bool put(struct rt_route *route, uint16_t type, const void *payload, size_t bytes)
{
	struct nlattr attribute = {.nla_len = (uint16_t)(NLA_HDRLEN + bytes), .nla_type = type};
	size_t before = bytes_below(route, type), after = bytes_below(route, type + 1u);
	size_t own = NLA_ALIGN(attribute.nla_len), rest = route->metrics_bytes - after;
	uint8_t metrics[RT_METRICS_BYTES] = {0};

	if (before + own + rest > sizeof(metrics))
		return false;
	memcpy(metrics, route->metrics, before);
	memcpy(metrics + before, &attribute, sizeof(attribute));
	memcpy(metrics + before + NLA_HDRLEN, payload, bytes);
	memcpy(metrics + before + own, route->metrics + after, rest);
	memcpy(route->metrics, metrics, sizeof(metrics));
	route->metrics_bytes = (uint8_t)(before + own + rest);
	return true;
}

/* Which metrics are locked: a bit for each type. It has the lowest type, so it comes first. */
static uint32_t locks_of(const struct rt_route *route)
{
	uint32_t locks = 0;

	if (bytes_below(route, RTAX_LOCK + 1) == NLA_HDRLEN + sizeof(locks))
		memcpy(&locks, route->metrics + NLA_HDRLEN, sizeof(locks));
	return locks;
}

bool metrics_set_congestion(struct rt_route *route, const char *name)
{
	uint32_t locks = locks_of(route) | 1u << RTAX_CC_ALGO;
	struct rt_route changed = *route;

	if (!put(&changed, RTAX_LOCK, &locks, sizeof(locks)) ||
	    !put(&changed, RTAX_CC_ALGO, name, strlen(name) + 1))
		return false;
	*route = changed;
	return true;
}
