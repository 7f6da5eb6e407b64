// SPDX-License-Identifier: GPL-3.0-or-later
// What mpbridge's state means, in figures and words: from the answer of `ubus call mpbridge status` to
// texts and points. Nothing here touches the page, so that it can be tested without one.
'use strict';
'require baseclass';

// How much of the past the graphs show.
const SPAN_MS = 180000;

const PREFIXES = [ '', 'k', 'M', 'G', 'T', 'P', 'E' ];

// Three digits, as `mpbridge status` writes them: 1.20, 48.3, 999.
function scaled(value, unit) {
	let prefix = 0;

	for (; value >= 999.5 && prefix < PREFIXES.length - 1; prefix++)
		value /= 1000;
	const digits = (prefix == 0) ? 0 : (value < 9.995) ? 2 : (value < 99.95) ? 1 : 0;
	return '%s %s%s'.format(value.toFixed(digits), PREFIXES[prefix], unit);
}

function isNumber(value) {
	return typeof(value) == 'number' && isFinite(value);
}

function bytes(count) {
	return isNumber(count) ? scaled(count, 'B') : '-';
}

function rate(bitsPerSecond) {
	return isNumber(bitsPerSecond) ? scaled(bitsPerSecond, 'bit/s') : '-';
}

function roundTrip(microseconds) {
	const ms = microseconds / 1000;

	if (!isNumber(microseconds))
		return '-';
	if (ms >= 999.5)
		return '%s s'.format((ms / 1000).toFixed(2));
	return '%s ms'.format(ms.toFixed((ms < 0.995) ? 2 : (ms < 99.95) ? 1 : 0));
}

function share(value) {
	const percent = value * 100;

	if (!isNumber(value))
		return '-';
	const digits = (percent < 0.005) ? 0 : (percent < 0.995) ? 2 : (percent < 9.95) ? 1 : 0;
	return '%s %%'.format(percent.toFixed(digits));
}

function age(milliseconds) {
	const units = [ [ 86400, 'd' ], [ 3600, 'h' ], [ 60, 'min' ], [ 1, 's' ] ];
	const seconds = Math.floor(milliseconds / 1000);

	if (!isNumber(milliseconds))
		return '-';
	const [ size, unit ] = units.find(([ size ]) => seconds >= size) || units[3];
	return '%d %s'.format(Math.floor(seconds / size), unit);
}

// The daemon says its reasons in English. They are listed so that they are translated, too; a test holds
// the list against the daemon's source. A reason that is not in it is shown as it came.
const REASONS = [
	_('the server answers'),
	_('what flows send is acknowledged'),
	_('not asked yet'),
	_('timeout'),
	_('what flows send is not acknowledged'),
	_('refused: nothing listens there'),
	_('unreachable'),
	_('it answers, but went down too often lately'),
	_('no such interface'),
	_('no carrier'),
	_('no address'),
	_('no route to the server'),
	_('it would slow the others down'),
	_('others use the link'),
	_('a client does not reach it any more'),
	_('the interface is not there'),
	_('the link is down'),
	_('the interface has no address of the server\'s family'),
	_('no listener accepts connections to its address'),
	_('no route leads over it to the server (a "gateway" for the path would make one)'),
	_('announced to clients'),
	_('no client has come by it yet')
];

function reason(path) {
	return path.reason ? _(String(path.reason)) : '-';
}

// It works, and others use it: that is what it is secondary for.
function isYielding(path) {
	return path.state == 'guarded' && path.cause == 'yields';
}

// A word, how bad it is (good, warning, bad), and what it means.
function state(path) {
	switch (path.state) {
	case 'up':
		return { word: _('up'), level: 'good', help: _('Nothing speaks against this link.') };
	case 'suspect':
		return { word: _('suspect'), level: 'warning', help: _('Something speaks against this link, and it is being asked.') };
	case 'down':
		return { word: _('down'), level: 'bad', help: _('This link does not carry packets to the other router.') };
	case 'absent':
		return { word: _('absent'), level: 'bad', help: _('This link has no interface, carrier, address or route.') };
	case 'guarded':
		if (isYielding(path))
			return { word: _('guarded'), level: 'good', help: _('Others use this link, which is secondary: it is left to them for now.') };
		return { word: _('guarded'), level: 'warning', help: _('This link works, and would only slow the others down.') };
	}
	return { word: String(path.state ?? '-'), level: 'warning', help: '' };
}

// What others have of a link that is secondary: an estimate, and what we have done about it.
function secondary(told) {
	const parts = [ _('secondary') ];

	if (isNumber(told.others))
		parts.push(_('others use about %s').format(rate(told.others * 8)));
	if (told.yields > 0)
		parts.push(_('left to them %d times, for %s in all').format(told.yields, age(told.yielded_ms)));
	if (told.scavenger === false)
		parts.push(_('no scavenger here'));
	else if (told.far_scavenger === false)
		parts.push(_('no scavenger at the far router'));
	return parts.join(', ');
}

// What a link is for, unless that is the usual.
function role(path) {
	if (path.secondary)
		return secondary(path.secondary);
	return (path.role == 'backup') ? _('backup') : '';
}

function isClient(daemon) {
	return daemon.role == 'client';
}

function title(daemon) {
	return (isClient(daemon) ? _('Client on port %d') : _('Server on port %d')).format(daemon.port);
}

function isCarrying(path) {
	return path.state == 'up' || path.state == 'suspect' || path.state == 'guarded';
}

// How it is, in one sentence.
function health(daemon) {
	const paths = daemon.paths || [];
	const working = paths.filter(isCarrying).length;
	const isWhole = paths.every(path => path.state == 'up' || isYielding(path));

	if (daemon.mptcp === false)
		return { level: 'bad', text: _('this kernel has no MPTCP') };
	if (paths.length == 0)
		return { level: 'bad', text: _('no link is known') };
	if (working == 0)
		return { level: 'bad', text: _('no link works') };
	return {
		level: isWhole ? 'good' : 'warning',
		text: _('%d of %d links work').format(working, paths.length)
	};
}

function notesOfRules(rules, incomplete, restored) {
	const notes = [];

	if (rules?.complete === false)
		notes.push({ level: 'bad', text: incomplete });
	if (rules?.restored > 0)
		notes.push({ level: 'warning', text: restored.format(rules.restored) });
	return notes;
}

// What asks for a look, the worst first.
function notes(daemon) {
	const notes = [];
	const say = (level, text) => notes.push({ level, text });

	if (daemon.mptcp === false)
		say('bad', _('This kernel has no MPTCP: every connection is one TCP connection over one link.'));
	if ((daemon.paths || []).length == 0)
		say('bad', _('No link is known: no interface leads to the other router.'));
	else if (!daemon.paths.some(isCarrying))
		say('bad', _('No link works: new connections cannot reach the other router.'));
	notes.push(...notesOfRules(daemon.interception,
		_('The rules that take connections over are not complete; the system log says why.'),
		_('Another program changed the rules that take connections over; put back %d times.')));
	notes.push(...notesOfRules(daemon.transparent_source,
		_('The rules for the hosts\' own addresses are not complete; the system log says why.'),
		_('Another program changed the rules for the hosts\' own addresses; put back %d times.')));
	if (daemon.state == 'stopping')
		say('warning', _('It is stopping, and waits for its last connections.'));
	if (daemon.subflow_figures && daemon.subflow_figures != 'ok')
		say('warning', _('There are no figures of links: %s').format(daemon.subflow_figures));
	if (daemon.flows_fell_back > 0)
		say('warning', _('Connections that were carried by plain TCP, over one link only: %d').format(daemon.flows_fell_back));
	if (daemon.refused_for_time > 0)
		say('warning', _('Requests that were refused because their clock is off by more than 30 seconds: %d').format(daemon.refused_for_time));
	return notes;
}

// ---- rates, from two answers ----

function pathKey(daemon, path) {
	return [ daemon.role, daemon.pid, path.interface, path.local, path.server ?? '' ].join(' ');
}

function daemonKey(daemon) {
	return [ daemon.role, daemon.pid ].join(' ');
}

function bitsPerSecond(now, before, betweenMs) {
	if (!isNumber(now) || !isNumber(before) || now < before || !(betweenMs > 0))
		return null;
	return (now - before) * 8000 / betweenMs;
}

// What is remembered between two answers: the counters of the last one, and for each link its rates of the
// last minutes.
function History() {
	this.counters = {};
	this.rates = {};
	this.samples = {};
}

// The counters of whatever has a name; and what has grown since the answer before.
History.prototype.note = function(key, nowMs, sent, received) {
	const before = this.counters[key];
	const betweenMs = nowMs - before?.nowMs;

	if (before && betweenMs == 0)
		return this.rates[key];
	this.counters[key] = { nowMs, sent, received };
	this.rates[key] = {
		sending: bitsPerSecond(sent, before?.sent, betweenMs),
		receiving: bitsPerSecond(received, before?.received, betweenMs)
	};
	return this.rates[key];
};

History.prototype.add = function(daemons) {
	for (const daemon of daemons) {
		this.note(daemonKey(daemon), daemon.clock_ms, daemon.bytes_lan_to_wan, daemon.bytes_wan_to_lan);
		for (const path of daemon.paths || [])
			this.addPath(daemon, path);
	}
};

History.prototype.addPath = function(daemon, path) {
	const key = pathKey(daemon, path);
	const rates = this.note(key, daemon.clock_ms, path.seen_sent, path.seen_received);
	const samples = this.samples[key] || [];

	if (rates.sending != null && rates.receiving != null && samples[samples.length - 1]?.ms != daemon.clock_ms)
		samples.push({ ms: daemon.clock_ms, sending: rates.sending, receiving: rates.receiving });
	this.samples[key] = samples.filter(sample => sample.ms > daemon.clock_ms - SPAN_MS);
};

const UNKNOWN = { sending: null, receiving: null };

History.prototype.ratesOf = function(daemon, path) {
	return this.rates[path ? pathKey(daemon, path) : daemonKey(daemon)] || UNKNOWN;
};

History.prototype.samplesOf = function(daemon, path) {
	return this.samples[pathKey(daemon, path)] || [];
};

// All links of a daemon are drawn to one scale, so that they can be compared; bits per second.
History.prototype.peakOf = function(daemon) {
	let peak = 0;

	for (const path of daemon.paths || [])
		for (const sample of this.samplesOf(daemon, path))
			peak = Math.max(peak, sample.sending, sample.receiving);
	return peak;
};

// The points of a line, for "points" of SVG: the right edge is now, the upper edge is the peak.
function points(samples, key, peak, nowMs, width, height) {
	return samples.map(sample => {
		const x = width * (1 - (nowMs - sample.ms) / SPAN_MS);
		const y = (height - 1) * (1 - (peak > 0 ? sample[key] / peak : 0)) + 0.5;

		return '%s,%s'.format(x.toFixed(1), y.toFixed(1));
	}).join(' ');
}

return baseclass.extend({
	age, bytes, health, isClient, notes, points, rate, reason, role, roundTrip, share, state, title,
	reasons: REASONS,
	spanMs: SPAN_MS,

	newHistory: () => new History()
});
