"""The last ACK of a handshake is lost, for a while or for good: SYN_RECEIVED, while the client is already ESTABLISHED."""
HOSTS = 2
LASTS_S = 75
CADENCE_S = 0.25


def run(lab):
    listener = lab.server.listen(80)
    lab.wire.lose("tcp flags & (syn | ack) == ack", sender=lab.client)
    callers = [lab.connect(listener) for _ in range(5)]
    lab.rest(1.5)
    # The repeated SYN-ACKs are answered again, and the answers now get through.
    lab.wire.heal()
    lab.rest(2)
    for caller in callers:
        served = lab.accept(listener)
        caller.close()
        lab.rest(0.1)
        served.close()
    # The server gives up after its fifth repetition, 63 seconds later.
    lab.wire.lose("tcp flags & (syn | ack) == ack", sender=lab.client)
    for _ in range(3):
        lab.connect(listener)
    lab.rest(67)
