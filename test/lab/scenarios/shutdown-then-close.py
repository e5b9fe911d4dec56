"""The client shuts down, and calls close() a while later: its FIN_WAIT_2 expires tcp_fin_timeout after the close, not the FIN."""
import socket

OPTIONS = {"finTimeout": "3s"}
UNKNOWABLE = "close() after shutdown() sends nothing"


def run(lab):
    lab.client.sysctl(tcp_fin_timeout=3)
    listener = lab.server.listen(80)
    pairs = [lab.pair(listener) for _ in range(3)]
    for client, _ in pairs:
        client.shutdown(socket.SHUT_WR)
    for client, _ in pairs:
        lab.rest(1)
        client.close()
    lab.rest(4)
    for _, served in pairs:
        served.close()
    lab.rest(1)
