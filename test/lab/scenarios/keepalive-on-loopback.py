"""Keepalive probes from a leaked server: alive while the client's FIN_WAIT_2 lasts, RST afterwards. CLOSE_WAIT ends with it."""
import socket

LASTS_S = 14
OPTIONS = {"finTimeout": "4s"}


def run(lab):
    lab.client.sysctl(tcp_fin_timeout=4)
    listener = lab.server.listen(80)
    for n in range(6):
        client, served = lab.pair(listener)
        lab.talk(client, served)
        served.setsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE, 1)
        served.setsockopt(socket.IPPROTO_TCP, socket.TCP_KEEPIDLE, 1)
        served.setsockopt(socket.IPPROTO_TCP, socket.TCP_KEEPINTVL, 1)
        client.close()
        lab.rest(0.3)
    lab.rest(8)
