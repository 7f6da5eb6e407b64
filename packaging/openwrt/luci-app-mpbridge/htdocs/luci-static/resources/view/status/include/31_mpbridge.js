// SPDX-License-Identifier: GPL-3.0-or-later
// mpbridge on LuCI's overview: a line for each link.
'use strict';
'require baseclass';
'require rpc';
'require mpbridge.draw as draw';
'require mpbridge.words as words';

const callStatus = rpc.declare({
	object: 'mpbridge',
	method: 'status',
	expect: { daemons: [] }
});

function renderLink(daemon, path, history) {
	const state = words.state(path);
	const rates = history.ratesOf(daemon, path);

	return [
		[ path.interface ?? '-' ],
		[ draw.badge(state.level, state.word, state.help), ' ', words.reason(path), ...draw.role(path) ],
		[ draw.colored('sending', words.rate(rates.sending)) ],
		[ draw.colored('receiving', words.rate(rates.receiving)) ]
	];
}

function renderDaemon(daemon, history) {
	const health = words.health(daemon);
	const rows = (daemon.paths || []).map(path => renderLink(daemon, path, history));

	return E('div', {}, [
		E('p', {}, [
			E('strong', {}, [ words.title(daemon) ]), ' ', draw.badge(health.level, health.text), ' ',
			_('Open connections: %d.').format(daemon.flows_open)
		]),
		draw.table([ _('Link'), _('State'), _('Sending'), _('Receiving') ], rows, _('There are no links.'))
	]);
}

return baseclass.extend({
	title: _('Multipath bridge'),

	history: words.newHistory(),

	// The overview leaves a part out for good once its load() has failed.
	load() {
		return L.resolveDefault(callStatus(), []);
	},

	render(daemons) {
		this.history.add(daemons);
		if (daemons.length == 0)
			return draw.notRunning();
		return E('div', {}, daemons.map(daemon => renderDaemon(daemon, this.history)));
	}
});
