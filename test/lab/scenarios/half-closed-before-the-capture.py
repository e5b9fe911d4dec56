"""One end had sent its FIN before the capture began; only the other end's data and FIN are seen."""
import socket

HOSTS = 2
UNKNOWABLE = "the FIN is older than the capture"


def prepare(lab):
    listener = lab.server.listen(80)
    lab.pairs = [lab.pair(listener) for _ in range(4)]
    for client, served in lab.pairs:
        lab.talk(client, served)
        client.shutdown(socket.SHUT_WR)
    lab.rest(0.5)


def run(lab):
    for client, served in lab.pairs:
        served.sendall(b"the rest")
        lab.rest(0.3)
        served.close()
        lab.rest(0.3)
        client.close()
    lab.rest(1)
