/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The health of a path: its states, and the reasons for them. Pure. */
#include "paths/health.h"

const char *health_state_text(enum health_state state)
{
	switch (state) {
	case HEALTH_UP:
		return "up";
	case HEALTH_SUSPECT:
		return "suspect";
	case HEALTH_DOWN:
		return "down";
	case HEALTH_ABSENT:
		return "absent";
	case HEALTH_GUARDED:
		return "guarded";
	}
	return "";
}

const char *health_reason_text(enum health_reason reason)
{
	switch (reason) {
	case HEALTH_ANSWERS:
		return "the server answers";
	case HEALTH_ACKNOWLEDGED:
		return "what flows send is acknowledged";
	case HEALTH_NOT_ASKED:
		return "not asked yet";
	case HEALTH_SILENT:
		return "timeout";
	case HEALTH_STUCK:
		return "what flows send is not acknowledged";
	case HEALTH_REFUSED:
		return "refused: nothing listens there";
	case HEALTH_UNREACHABLE:
		return "unreachable";
	case HEALTH_FLAPPING:
		return "it answers, but went down too often lately";
	case HEALTH_NO_INTERFACE:
		return "no such interface";
	case HEALTH_NO_CARRIER:
		return "no carrier";
	case HEALTH_NO_ADDRESS:
		return "no address";
	case HEALTH_NO_ROUTE:
		return "no route to the server";
	case HEALTH_TOO_SLOW:
		return "it would slow the others down";
	}
	return "";
}
