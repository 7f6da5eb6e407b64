# SPDX-License-Identifier: GPL-3.0-or-later
"""Short flows, one after the other, while something is done to the bridge."""
import socket
import threading

from hosts import LIMIT_S, connect, payload, port_of, receive


class Load:
    """Flows that come and go, each with payload that is compared, until it is stopped."""

    def __init__(self, ends):
        self.listener = ends.listen()
        self.ends = ends
        self.done, self.errors = 0, []
        self._is_over = self._is_served = False
        self._threads = [threading.Thread(target=self._run, args=(seed,)) for seed in range(4)]
        self._serving = threading.Thread(target=self._serve)
        for thread in [*self._threads, self._serving]:
            thread.start()

    def _serve(self):
        self.listener.settimeout(0.2)
        while not self._is_served:
            try:
                opened, _ = self.listener.accept()
            except TimeoutError:
                continue
            threading.Thread(target=self._echo, args=(opened,)).start()

    @staticmethod
    def _echo(opened):
        with opened:
            opened.settimeout(LIMIT_S)
            try:
                while data := opened.recv(1 << 16):
                    opened.sendall(data)
            except OSError:
                pass

    def _run(self, seed):
        sent = payload(50_000, seed)
        while not self._is_over:
            try:
                opened = connect(self.ends.net.host_a, self.ends.b_ip, port_of(self.listener))
                with opened:
                    opened.sendall(sent)
                    opened.shutdown(socket.SHUT_WR)
                    if receive(opened, len(sent)) != sent or opened.recv(1):
                        self.errors.append("other bytes")
                self.done += 1
            except (OSError, EOFError) as error:
                self.errors.append(repr(error))

    def stop(self):
        self._is_over = True
        for thread in self._threads:
            thread.join()
        self._is_served = True
        self._serving.join()
        return self.errors
