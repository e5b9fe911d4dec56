"""Keepalive probes: answered by a peer that is alive, unanswered by one that vanished, and by RST where the socket is gone."""
import socket

HOSTS = 2
LASTS_S = 16
OPTIONS = {"finTimeout": "2s"}
NOT_SHOWN = {
    "client": {"server": "the vanished peer is behind the loss"},
    "server": {"client": "the probes are lost before the server's tap"},
}


def probe(sock):
    sock.setsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE, 1)
    sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_KEEPIDLE, 1)
    sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_KEEPINTVL, 1)
    sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_KEEPCNT, 3)


def run(lab):
    lab.server.sysctl(tcp_fin_timeout=2)
    listener = lab.server.listen(80)
    pairs = [lab.pair(listener) for _ in range(6)]
    for client, served in pairs:
        lab.talk(client, served)
        probe(client)
    lab.rest(1)
    # The server's end closes and expires: the client's probe then finds no socket.
    for _, served in pairs[:2]:
        served.close()
    lab.rest(5)
    lab.wire.lose()
    lab.rest(7)
