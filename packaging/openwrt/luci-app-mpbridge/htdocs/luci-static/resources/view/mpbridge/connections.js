// SPDX-License-Identifier: GPL-3.0-or-later
// The connections that are open between the two routers, and what each link carries of them.
'use strict';
'require view';
'require dom';
'require poll';
'require rpc';
'require mpbridge.draw as draw';
'require mpbridge.words as words';

const EVERY_S = 5;

const callStatus = rpc.declare({
	object: 'mpbridge',
	method: 'status',
	params: [ 'flows' ],
	expect: { daemons: [] }
});

function stateOf(subflow) {
	if (subflow.state == 'joining')
		return _('joining');
	return subflow.backup ? _('backup') : _('open');
}

function renderPath(daemon, subflow) {
	const path = (daemon.paths || []).find(path => path.interface == subflow.path);

	return [ subflow.path ?? '-', ...(path?.role == 'secondary' ? [ draw.small(_('secondary')) ] : []) ];
}

function renderName(connection) {
	return (connection.mptcp === false) ? _('plain TCP') : (connection.token ?? '-');
}

// A connection has a row for each link; its name stands in the first.
function renderConnection(daemon, connection) {
	return connection.subflows.map((subflow, i) => [
		[ i == 0 ? E('code', {}, [ renderName(connection) ]) : '' ],
		renderPath(daemon, subflow),
		draw.ends(subflow.local, subflow.remote),
		[ stateOf(subflow) ],
		[ draw.nowrap(words.roundTrip(subflow.rtt_us)) ],
		[ draw.nowrap(words.share(subflow.loss)) ],
		[ draw.colored('sending', words.bytes(subflow.bytes_sent)) ],
		[ draw.colored('receiving', words.bytes(subflow.bytes_received)) ]
	]);
}

function renderDaemon(daemon) {
	const titles = [ _('Connection'), _('Link'), _('Ends'), _('State'), _('Round trip'), _('Loss'), _('Sent'), _('Received') ];
	const rows = (daemon.connections || []).flatMap(connection => renderConnection(daemon, connection));
	const more = daemon.connections_left_out;

	return E('div', { 'class': 'cbi-section' }, [
		E('h3', {}, [ words.title(daemon) ]),
		draw.table(titles, rows, _('There are no connections.')),
		...(more > 0 ? [ E('p', {}, [ _('There are more connections than are shown here: %d.').format(more) ]) ] : [])
	]);
}

return view.extend({
	load() {
		return callStatus(true);
	},

	render(daemons) {
		const live = E('div', {}, this.renderDaemons(daemons));

		poll.add(() => callStatus(true).then(daemons => dom.content(live, this.renderDaemons(daemons))), EVERY_S);
		return E('div', { 'class': 'cbi-map' }, [
			E('h2', {}, [ _('Connections') ]),
			E('div', { 'class': 'cbi-map-descr' }, [
				_('Each connection of a host has one subflow on each link; the kernel divides its bytes over them.')
			]),
			live
		]);
	},

	renderDaemons(daemons) {
		return daemons.length ? daemons.map(renderDaemon) : [ draw.notRunning() ];
	},

	handleSaveApply: null,
	handleSave: null,
	handleReset: null
});
