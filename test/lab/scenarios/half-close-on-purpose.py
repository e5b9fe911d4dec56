"""The client shuts down right behind its request, reads the answer to its end, and closes: both directions end in order."""
import socket

from lab import REQUEST, RESPONSE, read_exactly

HOSTS = 2


def run(lab):
    listener = lab.server.listen(80)
    for thinks in (0, 0.2, 0.6, 1.2):
        client, served = lab.pair(listener)
        client.sendall(REQUEST)
        client.shutdown(socket.SHUT_WR)
        read_exactly(served, len(REQUEST))
        lab.rest(thinks)
        served.sendall(RESPONSE)
        lab.rest(0.1)
        served.close()
        lab.rest(0.3)
        client.close()
    lab.rest(1)
