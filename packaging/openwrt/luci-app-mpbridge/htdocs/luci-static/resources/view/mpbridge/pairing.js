// SPDX-License-Identifier: GPL-3.0-or-later
// What to set on the router at the other end.
'use strict';
'require view';
'require dom';
'require rpc';
'require uci';
'require mpbridge.draw as draw';
'require mpbridge.pairing as pairing';

const callStatus = rpc.declare({
	object: 'mpbridge',
	method: 'status',
	expect: { daemons: [] }
});

// A line of a form; onChange(value) is called whenever it is edited.
function field(title, help, input) {
	return E('div', { 'class': 'cbi-value' }, [
		E('label', { 'class': 'cbi-value-title' }, [ title ]),
		E('div', { 'class': 'cbi-value-field' }, [
			input,
			...(help ? [ E('div', { 'class': 'cbi-value-description' }, [ help ]) ] : [])
		])
	]);
}

function textInput(value, onChange) {
	return E('input', {
		'type': 'text',
		'class': 'cbi-input-text',
		'value': value,
		'input': ev => onChange(ev.target.value)
	});
}

function checkbox(onChange) {
	return E('input', { 'type': 'checkbox', 'change': ev => onChange(ev.target.checked) });
}

// The commands and the file; `secret` stands in place of the key while that is hidden.
function renderText(end, card) {
	const sections = card.build(end, card.asked, card.isKeyShown ? null : '***');

	return [
		...pairing.missing(end, card.asked).map(text => draw.alert('warning', [ text ])),
		...(end.method == 'none'
			? [ draw.alert('warning', [ _('With method none nothing on the links is encrypted, and addresses alone say who may come.') ]) ]
			: []),
		E('h4', {}, [ _('Commands for its shell') ]),
		E('pre', {}, [ pairing.commands(sections) ]),
		E('h4', {}, [ _('Or the whole of its /etc/config/mpbridge') ]),
		E('pre', {}, [ pairing.file(sections) ])
	];
}

// card: title, help, fields ([name, title, help]), asked (their values), build.
function renderCard(end, card) {
	const text = E('div', {}, renderText(end, card));
	const redraw = () => dom.content(text, renderText(end, card));
	const fields = card.fields.map(([ name, title, help ]) => field(title, help, textInput(card.asked[name], value => {
		card.asked[name] = value;
		redraw();
	})));

	if (end.method != 'none')
		fields.push(field(_('Show the key'), _('Without it the texts have *** in its place.'), checkbox(isShown => {
			card.isKeyShown = isShown;
			redraw();
		})));
	return E('div', { 'class': 'cbi-section' }, [
		E('h3', {}, [ card.title ]),
		E('p', {}, [ card.help ]),
		...fields,
		text
	]);
}

function serverCard(peer, daemons) {
	return {
		title: _('The server that this router goes to'),
		help: _('With several far routers: for each of them.'),
		fields: [
			[ 'zone', _('Zone of the links there'), _('Its firewall lets the port in from this zone. Empty: its firewall stays as it is.') ],
			[ 'allow', _('This router comes from'), _('Its addresses on the links, or their networks as 10.10.0.0/16. Empty: with a key, from everywhere; without one, from every network that the server is directly connected to.') ]
		],
		asked: { zone: 'wan', allow: pairing.clientAddresses(peer, daemons).join(' ') },
		build: pairing.serverOf
	};
}

function clientCard(server, daemons) {
	return {
		title: _('A client of this router'),
		help: _('It finds its links by itself: they are the interfaces that lead to these addresses.'),
		fields: [
			[ 'address', _('Addresses of this router'), _('One for each link, with spaces between them.') ],
			[ 'zone', _('Zone of its hosts'), _('Whose connections it takes over.') ]
		],
		asked: { address: pairing.serverAddresses(server, daemons).join(' '), zone: 'lan' },
		build: pairing.clientOf
	};
}

return view.extend({
	// Who may only look is not shown this: there are keys in it.
	load() {
		return L.hasViewPermission() ? Promise.all([ L.resolveDefault(callStatus(), []), uci.load('mpbridge') ]) : [ [] ];
	},

	render([ daemons ]) {
		if (!L.hasViewPermission())
			return draw.alert('warning', [ _('You may see the state only: there are keys in the settings.') ]);
		return E('div', { 'class': 'cbi-map' }, [
			E('h2', {}, [ _('The other router') ]),
			E('div', { 'class': 'cbi-map-descr' }, [
				_('What fits this router\'s settings, for a router at the other end that has mpbridge and no settings of its own yet.')
			]),
			...this.renderCards(daemons)
		]);
	},

	renderCards(daemons) {
		const peer = pairing.first(uci.sections('mpbridge', 'peer'));
		const server = pairing.first(uci.sections('mpbridge', 'server'));

		if (!peer && !server)
			return [ draw.alert('warning', [ _('This router has neither a far router nor a server yet: begin with its settings.') ]) ];
		return [
			...(peer ? [ renderCard(peer, serverCard(peer, daemons)) ] : []),
			...(server ? [ renderCard(server, clientCard(server, daemons)) ] : [])
		];
	},

	handleSaveApply: null,
	handleSave: null,
	handleReset: null
});
