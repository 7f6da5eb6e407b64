# SPDX-License-Identifier: GPL-3.0-or-later
"""Networks to test in. Each function builds one in a Lab and returns it as a Network.

    bridge()   host_a -- client == link 1..N == server -- host_b
    rented()   host_a -- client == link 1..N == cloud -- server
                                                 cloud -- host_b
    routers()  host_a -- client == link 1..N-1 == server -- host_b
                                == link N      == other  -- host_b
    rented_routers()    rented(), and cloud -- other

LANs: host_a 192.168.1.2, fd00:1::2 behind `lan` of the client, which is .1; host_b likewise
192.168.2.2, fd00:2::2 (bridge) or 198.51.100.2, fd00:198::2 (rented). Link i: 10.10.i.0/24 and
fd00:10:i::/64 between the devices wan<i>, where the client is .1 and the other router .2. `other`
is a second far router; host_b sees its connections come from other_ip, and server's from server_ip.
"""
from dataclasses import dataclass, field

from .lab import Lab, Node
from .link import Link


@dataclass
class Network:
    """The nodes, and what the programs under test need to know. far: the other end of the links,
    the server or the cloud. server_keys: what the server's file must say beside the usual. other: see the top."""
    lab: Lab
    host_a: Node
    client: Node
    server: Node
    host_b: Node
    far: Node
    host_b_ip: str
    host_b_ip6: str
    server_ips: list
    server_ips6: list
    server_keys: dict = field(default_factory=dict)
    other: Node = None
    other_ips: list = field(default_factory=list)
    server_ip: str = None
    other_ip: str = None

    def route_over(self, number):
        """Plain routing between the hosts goes over this link, in both directions and families."""
        for family, a_net, b_net, client, far in (
                ("-4", "192.168.1.0/24", _net4(self.host_b_ip), *_link4(number)),
                ("-6", "fd00:1::/64", _net6(self.host_b_ip6), *_link6(number))):
            _route(self.client, family, b_net, far, number)
            _route(self.far, family, a_net, client, number)


def _route(node, family, net, gateway, number):
    node.ip(family, "route", "replace", net, "via", gateway, "dev", f"wan{number}")


def _net4(ip):
    return ip.rpartition(".")[0] + ".0/24"


def _net6(ip):
    return ip.rpartition("::")[0] + "::/64"


def _link4(number):
    return f"10.10.{number}.1", f"10.10.{number}.2"


def _link6(number):
    return f"fd00:10:{number}::1", f"fd00:10:{number}::2"


def _give(node, device, ip4, ip6):
    node.ip("-4", "address", "add", f"{ip4}/24", "dev", device)
    node.ip("-6", "address", "add", f"{ip6}/64", "dev", device, "nodad")


def _join(lab, host, router, device, net4, net6):
    """A cable between a host (.2) and a router (.1), which is its default gateway."""
    Link().attach(lab, host, router, "eth0", device).create()
    _give(host, "eth0", f"{net4}.2", f"{net6}::2")
    _give(router, device, f"{net4}.1", f"{net6}::1")
    host.ip("-4", "route", "add", "default", "via", f"{net4}.1")
    host.ip("-6", "route", "add", "default", "via", f"{net6}::1")


def _add_links(lab, client, far, links, first=1):
    for number, link in enumerate(links, start=first):
        device = f"wan{number}"
        lab.add_link(link.attach(lab, client, far, device, device))
        client4, far4 = _link4(number)
        client6, far6 = _link6(number)
        _give(client, device, client4, client6)
        _give(far, device, far4, far6)


def bridge(lab, links):
    """Two routers with N links between them, plain routing over link 1."""
    names = ("host_a", "client", "server", "host_b")
    host_a, client, server, host_b = (lab.node(name) for name in names)
    _join(lab, host_a, client, "lan", "192.168.1", "fd00:1")
    _join(lab, host_b, server, "lan", "192.168.2", "fd00:2")
    _add_links(lab, client, server, links)
    numbers = range(1, len(links) + 1)
    net = Network(lab, host_a, client, server, host_b, server, "192.168.2.2", "fd00:2::2",
                  [_link4(number)[1] for number in numbers],
                  [_link6(number)[1] for number in numbers])
    net.route_over(1)
    return net


def rented(lab, links):
    """A client with N uplinks, and a server with one address (203.0.113.2) somewhere behind them.

    The client has a default route over each link, metric 100 for link 1, 200 for link 2 and so on.
    The destination, host_b, is another machine of the cloud.
    """
    names = ("host_a", "client", "cloud", "server", "host_b")
    host_a, client, cloud, server, host_b = (lab.node(name) for name in names)
    _join(lab, host_a, client, "lan", "192.168.1", "fd00:1")
    _join(lab, server, cloud, "dmz", "203.0.113", "fd00:203")
    _join(lab, host_b, cloud, "inet", "198.51.100", "fd00:198")
    _add_links(lab, client, cloud, links)
    for number in range(1, len(links) + 1):
        for family, gateway in (("-4", _link4(number)[1]), ("-6", _link6(number)[1])):
            client.ip(family, "route", "add", "default", "via", gateway, "dev", f"wan{number}",
                      "metric", str(100 * number))
    net = Network(lab, host_a, client, server, host_b, cloud, "198.51.100.2", "fd00:198::2",
                  ["203.0.113.2"], ["fd00:203::2"], {"allow": ["10.10.0.0/16", "fd00:10::/32"]})
    net.route_over(1)
    return net


def routers(lab, links):
    """bridge() with all links but the last, and `other` at the end of that one. Both far routers
    have a LAN with host_b, whose address is that in the server's."""
    net = bridge(lab, links[:-1])
    net.other = lab.node("other")
    _add_links(lab, net.client, net.other, links[-1:], len(links))
    Link().attach(lab, net.host_b, net.other, "eth1", "lan").create()
    _give(net.host_b, "eth1", "192.168.3.2", "fd00:3::2")
    _give(net.other, "lan", "192.168.3.1", "fd00:3::1")
    net.other.ip("route", "add", "192.168.2.0/24", "via", "192.168.3.2")
    net.other_ips = [_link4(len(links))[1]]
    net.server_ip, net.other_ip = "192.168.2.1", "192.168.3.1"
    return net


def rented_routers(lab, links):
    """rented(), and a second server, 203.0.114.2: both are reached over all the links."""
    net = rented(lab, links)
    net.other = lab.node("other")
    _join(lab, net.other, net.far, "dmz2", "203.0.114", "fd00:204")
    net.other_ips = ["203.0.114.2"]
    net.server_ip, net.other_ip = "203.0.113.2", "203.0.114.2"
    return net
