"""The ACK of a FIN is lost, and the FIN sent again: the sender waits in FIN_WAIT_1 or LAST_ACK, its peer is further on."""
HOSTS = 2
NOT_SHOWN = {
    "client": {"server": "its ACK is lost before the client's tap, as if the FIN had been"},
}


def run(lab):
    listener = lab.server.listen(80)
    for _ in range(2):
        pairs = [lab.pair(listener) for _ in range(4)]
        for client, served in pairs:
            lab.talk(client, served)
        for _, served in pairs[:2]:
            served.close()
        lab.rest(0.3)
        lab.wire.lose(sender=lab.server)
        for client, served in pairs:
            client.close()
        lab.rest(0.9)
        lab.wire.heal()
        lab.rest(1.5)
        for _, served in pairs[2:]:
            served.close()
        lab.rest(0.5)
    lab.rest(1)
