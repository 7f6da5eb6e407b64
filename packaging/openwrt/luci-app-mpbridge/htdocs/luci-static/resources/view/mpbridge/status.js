// SPDX-License-Identifier: GPL-3.0-or-later
// How the links are, live.
'use strict';
'require view';
'require dom';
'require fs';
'require poll';
'require rpc';
'require ui';
'require mpbridge.draw as draw';
'require mpbridge.words as words';

const EVERY_S = 3;

const callStatus = rpc.declare({
	object: 'mpbridge',
	method: 'status',
	expect: { daemons: [] }
});

function renderTotals(daemon, history) {
	const rates = history.ratesOf(daemon);

	return E('p', {}, [
		_('Running for %s, version %s.').format(words.age(daemon.uptime_ms), daemon.version),
		' ',
		_('Open connections: %d.').format(daemon.flows_open),
		' ',
		_('Sent to the other router: %s (%s), received: %s (%s).').format(
			words.bytes(daemon.bytes_lan_to_wan), words.rate(rates.sending),
			words.bytes(daemon.bytes_wan_to_lan), words.rate(rates.receiving))
	]);
}

// With several far routers each link is there once for each.
function routerOf(daemon, path) {
	if (!(daemon.routers > 1) || path.router == null)
		return [];
	return [ draw.small((path.active ? _('far router %d, in use') : _('far router %d')).format(path.router)) ];
}

function renderLink(daemon, path) {
	return [
		E('strong', {}, [ path.interface ?? '-' ]),
		draw.small(...draw.ends(path.local, path.server)),
		...routerOf(daemon, path)
	];
}

function renderState(path) {
	const state = words.state(path);

	return [
		draw.badge(state.level, state.word, state.help),
		' ',
		draw.nowrap(words.age(path.age_ms)),
		draw.small(words.reason(path)),
		...draw.role(path)
	];
}

function renderRow(daemon, path, history) {
	const rates = history.ratesOf(daemon, path);

	return [
		renderLink(daemon, path),
		renderState(path),
		[ draw.nowrap(words.roundTrip(path.rtt_median_us ?? path.greeting_rtt_us)) ],
		[ draw.nowrap(words.share(path.loss)) ],
		[ draw.colored('sending', words.rate(rates.sending)) ],
		[ draw.colored('receiving', words.rate(rates.receiving)) ],
		[ draw.graph(history.samplesOf(daemon, path), history.peakOf(daemon), daemon.clock_ms) ]
	];
}

function renderDaemon(daemon, history) {
	const past = _('Last %d minutes, up to %s').format(words.spanMs / 60000, words.rate(history.peakOf(daemon)));
	const titles = [ _('Link'), _('State'), _('Round trip'), _('Loss'), _('Sending'), _('Receiving'), past ];
	const rows = (daemon.paths || []).map(path => renderRow(daemon, path, history));

	return E('div', { 'class': 'cbi-section' }, [
		E('h3', {}, [ words.title(daemon) ]),
		...draw.notes(words.notes(daemon)),
		renderTotals(daemon, history),
		draw.table(titles, rows, _('There are no links.'))
	]);
}

function renderFinding(finding) {
	const levels = { error: 'bad', warning: 'warning', note: 'good' };
	const titles = { error: _('Error'), warning: _('Warning'), note: _('Note') };

	return E('div', { 'style': 'margin-bottom:1em;overflow-wrap:anywhere' }, [
		draw.badge(levels[finding.severity] || 'warning', titles[finding.severity] || String(finding.severity)),
		' ',
		String(finding.what ?? ''),
		...(finding.remedy ? [ draw.small(_('What helps: %s').format(finding.remedy)) ] : []),
		...(finding.command ? [ E('pre', {}, [ finding.command ]) ] : [])
	]);
}

function showFindings(children) {
	ui.showModal(_('What keeps mpbridge from working as it could'), [
		...children,
		E('div', { 'class': 'right' }, [
			E('button', { 'class': 'btn', 'click': ui.hideModal }, [ _('Close') ])
		])
	]);
}

// The findings are JSON, whatever the exit status says of them.
function readFindings(result) {
	try {
		return JSON.parse(result.stdout);
	} catch (error) {
		throw new Error(result.stderr || _('mpbridge doctor said nothing.'));
	}
}

return view.extend({
	history: words.newHistory(),

	load() {
		return callStatus();
	},

	render(daemons) {
		const live = E('div', {}, this.renderDaemons(daemons));

		poll.add(() => callStatus().then(daemons => dom.content(live, this.renderDaemons(daemons))), EVERY_S);
		return E('div', { 'class': 'cbi-map' }, [
			E('h2', {}, [ _('Multipath bridge') ]),
			E('div', { 'class': 'cbi-map-descr' }, [
				_('TCP connections of the hosts go to the other router over all links at once.')
			]),
			live,
			...this.renderDoctor()
		]);
	},

	renderDaemons(daemons) {
		this.history.add(daemons);
		if (daemons.length == 0)
			return [ draw.notRunning() ];
		return daemons.map(daemon => renderDaemon(daemon, this.history));
	},

	// It sends packets over the links, so it is for those who may change something.
	renderDoctor() {
		if (!L.hasViewPermission())
			return [];
		return [ E('div', { 'class': 'cbi-page-actions' }, [
			E('button', { 'class': 'btn cbi-button cbi-button-action', 'click': ui.createHandlerFn(this, 'handleDoctor') },
				[ _('Look for faults') ])
		]) ];
	},

	handleDoctor() {
		return fs.exec('/usr/sbin/mpbridge', [ 'doctor', '--json' ]).then(readFindings).then(findings => {
			showFindings(findings.length ? findings.map(renderFinding) : [ E('p', {}, [ _('Nothing was found.') ]) ]);
		}).catch(error => showFindings([ draw.alert('bad', [ String(error.message ?? error) ]) ]));
	},

	handleSaveApply: null,
	handleSave: null,
	handleReset: null
});
