"""The first SYNs, then the first SYN-ACKs, are lost; a second later the handshake goes on."""
HOSTS = 2
NOT_SHOWN = {
    "client": {"server": "the SYN-ACKs are lost before the client's tap"},
    "server": {"client": "the SYNs are lost before the server's tap"},
}


def run(lab):
    listener = lab.server.listen(80)
    for match, sender in (("tcp flags & (syn | ack) == syn", lab.client), ("tcp flags & (syn | ack) == syn | ack", lab.server)):
        lab.wire.lose(match, sender)
        callers = []
        for _ in range(4):
            caller = lab.client.tcp()
            caller.setblocking(False)
            caller.connect_ex((lab.server.address(), 80))
            callers.append(caller)
            lab.rest(0.1)
        lab.rest(0.2)
        lab.wire.heal()
        lab.rest(1.5)
        for caller in callers:
            served = lab.accept(listener)
            caller.close()
            lab.rest(0.1)
            served.close()
    lab.rest(1)
