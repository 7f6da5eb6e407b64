// SPDX-License-Identifier: GPL-3.0-or-later
// /etc/config/mpbridge. What a value may be is said once more by options.sh of the package mpbridge, which
// refuses what gets past this page, with its name, in the system log.
'use strict';
'require view';
'require form';
'require rpc';
'require uci';
'require ui';
'require mpbridge.draw as draw';

const ADDRESS = 'ipaddr("nomask")';
const NETWORK = 'or(ipaddr("nomask"),cidr)';
const PORT = 'and(uinteger,range(1,65535))';
const YES = [ '1', 'on', 'true', 'yes', 'enabled' ];

const callKeygen = rpc.declare({
	object: 'mpbridge',
	method: 'keygen',
	params: [ 'method' ],
	expect: { key: '' }
});

// option(SECTION, WIDGET, NAME, TITLE, HELP, PROPERTIES): an option that is left out when it is empty.
function option(section, widget, name, title, help, properties) {
	return Object.assign(section.option(widget, name, title, help), properties);
}

function listOption(section, widget, name, title, help, values, properties) {
	const made = option(section, widget, name, title, help, properties);

	for (const [ value, text ] of values)
		made.value(value, text);
	return made;
}

// UCI has several words for yes and no; the box knows 1 and 0.
function flag(section, name, title, help, properties) {
	return option(section, form.Flag, name, title, help, Object.assign({
		cfgvalue(id) {
			const value = uci.get('mpbridge', id, name);

			return (value == null) ? null : YES.includes(value) ? '1' : '0';
		}
	}, properties));
}

// A section of which there is one at most.
const SingleSection = form.TypedSection.extend({
	renderSectionAdd(...args) {
		return this.cfgsections().length ? E([]) : this.super('renderSectionAdd', args);
	}
});

function mayBeAdded(section, title) {
	section.anonymous = true;
	section.addremove = true;
	section.addbtntitle = title;
}

function interfaces() {
	return uci.sections('network', 'interface').map(section => section['.name']).filter(name => name != 'loopback');
}

function zones() {
	return uci.sections('firewall', 'zone').map(section => section.name).filter(name => name);
}

function named(names) {
	return names.map(name => [ name, name ]);
}

function methods() {
	return [
		[ 'none', _('none: nothing is encrypted, for links that are all your own') ],
		[ 'auth-only', _('auth-only: who has the key may come; nothing is encrypted') ],
		[ '2022-blake3-aes-256-gcm', '2022-blake3-aes-256-gcm' ],
		[ '2022-blake3-aes-128-gcm', '2022-blake3-aes-128-gcm' ],
		[ '2022-blake3-chacha20-poly1305', _('2022-blake3-chacha20-poly1305: for routers without AES instructions') ],
		[ 'chacha20-ietf-poly1305', _('chacha20-ietf-poly1305: for shadowsocks-libev at the other end') ],
		[ 'aes-256-gcm', _('aes-256-gcm: for shadowsocks-libev at the other end') ],
		[ 'aes-128-gcm', _('aes-128-gcm: for shadowsocks-libev at the other end') ]
	];
}

// ---- method and key, the same at both ends ----

// Only fills the field in: it is stored with the rest, by Save.
function makeKey(section, id) {
	const method = section.formvalue(id, 'method');

	if (!method || method == 'none') {
		ui.addNotification(null, E('p', {}, [ _('Choose a method that has a key first.') ]), 'warning');
		return Promise.resolve();
	}
	return callKeygen(method).then(key => {
		if (!key)
			throw new Error(_('No key could be made.'));
		section.getUIElement(id, 'key').setValue(key);
		section.getUIElement(id, 'key').triggerValidation();
	}).catch(error => {
		ui.addNotification(null, E('p', {}, [ String(error.message ?? error) ]), 'danger');
	});
}

// The method that is chosen needs a key, or a password in its place.
function isKeyMissing(section, id, key) {
	const method = section.formvalue(id, 'method');

	return method && method != 'none' && !key && !section.formvalue(id, 'password');
}

function isKeyAnother(section, id, password) {
	const key = section.formvalue(id, 'key');

	return password && key && key != password;
}

// The options. `retain`: with method none the key is not asked for, and still not thrown away.
function addSecrets(section) {
	const made = [
		option(section, form.Value, 'key', _('Key'),
			_('The same at both ends. It is readable for who may change these settings, and for nobody else.'), {
				password: true,
				retain: true,
				validate: (id, value) => isKeyMissing(section, id, value) ? _('This method needs a key.') : true
			}),
		option(section, form.Button, '_keygen', _('New key'), null, {
			inputtitle: _('Make a key'),
			inputstyle: 'action',
			onclick: (ev, id) => makeKey(section, id)
		}),
		option(section, form.Value, 'password', _('Password'),
			_('In place of a key, where shadowsocks-libev is at the other end.'), {
				password: true,
				retain: true,
				validate: (id, value) => isKeyAnother(section, id, value) ? _('A key or a password, not both.') : true
			})
	];

	made.forEach(option => option.depends({ method: 'none', '!reverse': true }));
	return made;
}

// ---- the sections ----

function isMark(value) {
	const text = String(value).toLowerCase();
	const digits = text.startsWith('0x') ? text.slice(2) : text;
	const radix = text.startsWith('0x') ? 16 : 10;
	const bit = parseInt(digits, radix);

	return [ ...digits ].every(digit => !isNaN(parseInt(digit, radix))) && bit <= 0x80000000 && Number.isInteger(Math.log2(bit));
}

function markOption(section, name, title, help, placeholder) {
	return option(section, form.Value, name, title, help, {
		placeholder,
		validate: (id, value) => (!value || isMark(value)) ? true : _('One bit of 32, as 0x40000000')
	});
}

function addGeneral(map) {
	const section = map.section(SingleSection, 'mpbridge', _('General'));

	section.anonymous = true;
	section.addremove = (uci.sections('mpbridge', 'mpbridge').length == 0); // it is there from the start, and stays
	flag(section, 'enabled', _('Enabled'), null, { rmempty: false });
	option(section, form.Value, 'timeout', _('Idle time'),
		_('Seconds after which a connection without a byte is ended.'),
		{ datatype: 'and(uinteger,range(1,2592000))', placeholder: '300' });
	option(section, form.Value, 'congestion', _('Congestion control'),
		_('Of all links: bbr where the kernel has it (kmod-tcp-bbr), without this.'),
		{ datatype: 'and(uciname,maxlength(15))', placeholder: 'bbr' });
	option(section, form.Value, 'workers', _('Workers'), _('One for each processor, with 0 or without this.'),
		{ datatype: 'and(uinteger,range(0,64))', placeholder: '0' });
	option(section, form.Value, 'user', _('User'), _('Whose rights the workers have.'), { placeholder: 'mpbridge' });
	flag(section, 'verbose', _('Verbose'), _('Say more in the system log.'));
}

// With several far routers the first that is enabled says all but the addresses.
function isFirstPeer(id) {
	const enabled = uci.sections('mpbridge', 'peer').filter(peer => YES.includes(peer.enabled ?? '1'));

	return enabled.length == 0 || enabled[0]['.name'] == id;
}

// For the others such an option is hidden, unless it has a value, which is refused until it is gone.
function forFirstPeer(option) {
	const isWanted = option.checkDepends, validate = option.validate;

	option.checkDepends = function(id) {
		return (isFirstPeer(id) || this.cfgvalue(id) != null) && isWanted.call(this, id);
	};
	option.validate = function(id, value) {
		if (value && value != this.disabled && !isFirstPeer(id))
			return _('The first far router says this for all of them; leave it empty here.');
		return validate.call(this, id, value);
	};
}

function addPeers(map) {
	const section = map.section(form.TypedSection, 'peer', _('Far router'),
		_('What makes this router a client: its hosts\' connections go to a server. There may be several far routers, the preferred one first; all but the addresses is said with the first.'));
	const whenDown = [ [ '', _('refuse (default)') ], [ 'refuse', _('refuse') ], [ 'direct', _('direct: by this router\'s own routes') ] ];

	mayBeAdded(section, _('Add a far router'));
	flag(section, 'enabled', _('Enabled'), null, { default: '1' });
	option(section, form.DynamicList, 'address', _('Addresses'), _('Of one router: one for each link, or one that all links lead to.'),
		{ datatype: 'host', rmempty: false });
	[
		option(section, form.Value, 'port', _('Port'), null, { datatype: PORT, placeholder: '8388' }),
		listOption(section, form.ListValue, 'method', _('Method'), _('The same at both ends.'), [ [ '', '-' ], ...methods() ], {
			validate: (id, value) => (!value && isFirstPeer(id)) ? _('Choose a method.') : true
		}),
		...addSecrets(section),
		listOption(section, form.ListValue, 'on_peer_down', _('When no link works'), _('What becomes of new connections.'), whenDown),
		listOption(section, form.ListValue, 'on_peer_down_ipv6', _('When no link works, to IPv6 addresses'),
			_('As above, without this.'), whenDown),
		option(section, form.DynamicList, 'local_address', _('Listening addresses'),
			_('Where connections are taken over; all, without this.'), { datatype: ADDRESS }),
		flag(section, 'transparent_source', _('Hosts\' own addresses'),
			_('Destinations see the addresses of the hosts, not that of the server. To be set at both ends.')),
		option(section, form.Value, 'local_port', _('Listening port'), null, { datatype: PORT, placeholder: '1080' })
	].forEach(forFirstPeer);
}

function addServer(map) {
	const section = map.section(SingleSection, 'server', _('Server'),
		_('What makes this router a server: other routers come to it with their hosts\' connections.'));

	mayBeAdded(section, _('Add a server'));
	flag(section, 'enabled', _('Enabled'), null, { default: '1' });
	option(section, form.Value, 'port', _('Port'), null, { datatype: PORT, placeholder: '8388' });
	listOption(section, form.MultiValue, 'zone', _('Zones'), _('From which the port can be reached; without one the firewall stays as it is.'),
		named(zones()));
	listOption(section, form.ListValue, 'method', _('Method'), _('The same at both ends.'), methods(), { rmempty: false });
	addSecrets(section);
	option(section, form.DynamicList, 'allow', _('Allowed'),
		_('Networks that clients come from. Without one, and with method none, every network that this router is directly connected to may use it.'),
		{ datatype: NETWORK });
	option(section, form.DynamicList, 'deny', _('Denied'), _('Networks that no connection is made to.'), { datatype: NETWORK });
	option(section, form.DynamicList, 'listen_address', _('Listening addresses'), _('All, without this.'), { datatype: ADDRESS });
	option(section, form.DynamicList, 'local_address', _('Source addresses'), _('Of the connections that it makes.'), { datatype: ADDRESS });
	option(section, form.DynamicList, 'nameserver', _('Name servers'), _('Those of this router, without this.'),
		{ datatype: 'or(ipaddr("nomask"),ipaddrport(1))' });
	flag(section, 'transparent_source', _('Hosts\' own addresses'),
		_('Destinations see the addresses of the clients\' hosts, not that of this router. To be set at both ends; the answers have to come by this router.'));
	option(section, form.DynamicList, 'transparent_networks', _('Networks of these hosts'),
		_('Connections of other hosts are refused. Without this: any host but those in the networks that this router is directly connected to.'), { datatype: NETWORK });
	markOption(section, 'transparent_mark', _('Mark of their answers'), _('One bit, which no other program uses.'), '0x10000000');
}

function addPaths(map) {
	const section = map.section(form.GridSection, 'path', _('Links'),
		_('Without an entry here the setting "multipath" of the interfaces says which links there are, and without that, every interface that leads to the other router is one.'));

	mayBeAdded(section, _('Add a link'));
	section.modaltitle = _('Link');
	listOption(section, form.ListValue, 'interface', _('Interface'), null, named(interfaces()), { rmempty: false });
	listOption(section, form.ListValue, 'role', _('Role'), null, [
		[ '', _('as the interface says, or primary') ],
		[ 'primary', _('primary') ],
		[ 'secondary', _('secondary (as primary, in this version)') ],
		[ 'backup', _('backup: only when no other link works') ]
	]);
	option(section, form.Value, 'congestion', _('Congestion control'), null, { datatype: 'and(uciname,maxlength(15))' });
	listOption(section, form.ListValue, 'dscp', _('DSCP'), null, [ [ '', _('none') ], [ 'le', 'LE' ], [ 'cs1', 'CS1' ] ]);
	option(section, form.Value, 'address', _('Address'), _('Of this router on the link.'), { datatype: ADDRESS, modalonly: true });
	option(section, form.Value, 'gateway', _('Gateway'), _('The next router on the way.'), { datatype: ADDRESS, modalonly: true });
}

function addIntercept(map) {
	const section = map.section(SingleSection, 'intercept', _('Interception'),
		_('Which connections a client takes over: those that come in from these zones or interfaces by TCP, but for what is for this router or for directly connected networks.'));

	mayBeAdded(section, _('Add interception'));
	flag(section, 'enabled', _('Enabled'), null, { default: '1' });
	listOption(section, form.MultiValue, 'zone', _('Zones'), null, named(zones()));
	listOption(section, form.MultiValue, 'network', _('Interfaces'), null, named(interfaces()));
	option(section, form.DynamicList, 'include', _('Only to'), _('Networks; without one, to everywhere.'), { datatype: NETWORK });
	option(section, form.DynamicList, 'exclude', _('Not to'), _('Networks that are reached without the bridge.'), { datatype: NETWORK });
	option(section, form.DynamicList, 'ports', _('Only to ports'), _('As 443, or 8000-8999; all, without one.'), { datatype: 'portrange' });
	flag(section, 'local_output', _('This router\'s own connections, too'));
	listOption(section, form.ListValue, 'mode', _('How'), null, [
		[ '', _('as it can be done best') ],
		[ 'auto', 'auto' ],
		[ 'tproxy', 'TPROXY' ],
		[ 'redirect', 'REDIRECT' ]
	]);
	markOption(section, 'mark', _('Mark'), _('One bit, which no other program uses.'), '0x40000000');
}

return view.extend({
	// Who may only look is not shown this: there are keys in it.
	load() {
		return L.hasViewPermission() ? Promise.all([ 'mpbridge', 'network', 'firewall' ].map(name => uci.load(name))) : null;
	},

	render() {
		if (!L.hasViewPermission())
			return this.renderRefusal();
		const map = new form.Map('mpbridge', _('Settings'),
			_('A router is a client if it has a far router, and a server if it has a server; it can be both. What is left empty has its default.'));

		addGeneral(map);
		addPeers(map);
		addServer(map);
		addPaths(map);
		addIntercept(map);
		return map.render();
	},

	// Without a form there is nothing to save.
	renderRefusal() {
		Object.assign(this, { handleSaveApply: null, handleSave: null, handleReset: null });
		return draw.alert('warning', [ _('You may see the state only: there are keys in the settings.') ]);
	}
});
