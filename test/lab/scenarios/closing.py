"""CLOSING, held for a second: all that the client sends is lost, its FIN first, while the server's FIN comes in."""
HOSTS = 2
NOT_SHOWN = {
    "client": {"server": "which of the repeated ACKs got through"},
    "server": {"client": "the client's FINs are lost before the server's tap"},
}


def run(lab):
    listener = lab.server.listen(80)
    pairs = [lab.pair(listener) for _ in range(6)]
    for ends in pairs:
        lab.talk(*ends)
    lab.rest(0.3)
    lab.wire.lose(sender=lab.client)
    for client, served in pairs:
        client.close()
        lab.rest(0.05)
        served.close()
    lab.rest(1)
    lab.wire.heal()
    lab.rest(3)
