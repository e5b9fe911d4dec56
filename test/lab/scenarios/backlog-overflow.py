"""The last ACK of a handshake finds a full backlog and is ignored: the client is ESTABLISHED, the server stays in SYN_RECEIVED."""
HOSTS = 2
LASTS_S = 75
CADENCE_S = 0.25
FIRST_PORT = 40001
LATE = 4


def run(lab):
    listener = lab.server.listen(80, backlog=LATE)
    # The ACKs of the first are lost for a while, and the later ones fill the backlog.
    lab.wire.lose(f"tcp sport {FIRST_PORT}-{FIRST_PORT + LATE - 1} tcp flags & (syn | ack) == ack", sender=lab.client)
    late = [lab.connect(listener, port=FIRST_PORT + n) for n in range(LATE)]
    for _ in range(LATE + 1):
        lab.connect(listener)
        lab.rest(0.05)
    lab.wire.heal()
    lab.rest(1.5)
    # Requests of those that wait are not acknowledged, and sent again.
    for caller in late[::2]:
        caller.sendall(b"GET / HTTP/1.1\r\nHost: shop.example\r\n\r\n")
    lab.rest(2)
    # Two places become free.
    lab.accept(listener)
    lab.accept(listener)
    lab.rest(65)
