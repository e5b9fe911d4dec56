"""More handshakes at once than listen(1) has room for: SYN cookies answer the others, and no socket stands behind their SYN-ACK."""
HOSTS = 2
UNKNOWABLE = "a SYN-ACK that is a cookie looks like any other"


def run(lab):
    listener = lab.server.listen(80, backlog=1)
    lab.wire.lose("tcp flags & (syn | ack) == ack", sender=lab.client)
    for _ in range(6):
        lab.connect(listener)
    lab.rest(0.5)
    lab.wire.heal()
    lab.rest(4)
