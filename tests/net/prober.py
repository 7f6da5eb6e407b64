# SPDX-License-Identifier: GPL-3.0-or-later
"""Connections that begin all the time, while something is done to the routers between."""
import errno
import select
import socket
import time

from hosts import Background, Ends, open_socket, port_of
from testbed import wait_until


class Prober:
    """Begins a connection from host A to host B every few milliseconds; sources: whom host B saw."""

    def __init__(self, net, family):
        self.ends = Ends(net, family)
        self.listener = self.ends.listen()
        self.sources = set()
        self.begun = []
        self._is_over = False
        self._accepting = Background(self._accept)
        self._connecting = Background(self._connect)

    def _accept(self):
        while not self._is_over:
            if select.select([self.listener], [], [], 0.1)[0]:
                opened, (source, *_) = self.listener.accept()
                self.sources.add(source)
                self.ends.keep(opened)

    def _connect(self):
        while not self._is_over:
            opened = open_socket(self.ends.net.host_a, self.ends.b_ip)
            opened.setblocking(False)
            opened.connect_ex((self.ends.b_ip, port_of(self.listener)))
            self.begun.append(self.ends.keep(opened))
            time.sleep(0.003)

    def stop(self):
        """The errors of those that failed: they have had time to repeat what was lost."""
        self._is_over = True
        self._connecting.result()
        poll = select.poll()
        for opened in self.begun:
            poll.register(opened, select.POLLOUT)
        wait_until(lambda: len(poll.poll(0)) == len(self.begun), 15, "every connection to end up")
        errors = [opened.getsockopt(socket.SOL_SOCKET, socket.SO_ERROR) for opened in self.begun]
        self._accepting.result()
        self.ends.close_all()
        return [errno.errorcode[error] for error in errors if error]
