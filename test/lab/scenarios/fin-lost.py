"""A FIN is lost and sent again, by itself or with all else: FIN_WAIT_1 and LAST_ACK for as long as it takes."""
HOSTS = 2
NOT_SHOWN = {
    "server": {"client": "the client's FINs are lost before the server's tap"},
}


def run(lab):
    listener = lab.server.listen(80)
    for match in ("tcp flags fin", ""):
        pairs = [lab.pair(listener) for _ in range(4)]
        for client, served in pairs:
            lab.talk(client, served)
        for _, served in pairs[:2]:
            served.close()
        lab.rest(0.3)
        lab.wire.lose(match, sender=lab.client)
        for client, served in pairs:
            client.close()
        lab.rest(0.9)
        lab.wire.heal()
        lab.rest(1.5)
        for _, served in pairs[2:]:
            served.close()
        lab.rest(0.5)
    lab.rest(1)
