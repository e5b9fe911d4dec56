"""The data before a FIN is lost: the FIN is there, but does not count until the gap is filled."""
HOSTS = 2


def run(lab):
    listener = lab.server.listen(80)
    for first in (0, 1):
        pairs = [lab.pair(listener) for _ in range(4)]
        for ends in pairs:
            lab.talk(*ends)
        lab.rest(0.3)
        # Of the bare FIN's 52 bytes of IP nothing is lost.
        lab.wire.lose("meta length > 80")
        for ends in pairs:
            ends[first].sendall(b"x" * 200)
            ends[first].close()
        lab.rest(0.7)
        lab.wire.heal()
        lab.rest(1.5)
        for ends in pairs:
            ends[1 - first].recv(200)
            ends[1 - first].close()
            lab.rest(0.1)
    lab.rest(1)
