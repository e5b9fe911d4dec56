"""The last ACK is lost: LAST_ACK at the server, which sends its FIN again; each copy starts the client's TIME_WAIT anew."""
HOSTS = 2
LASTS_S = 75
CADENCE_S = 0.25
NOT_SHOWN = {"server": {"client": "the ACK is lost before the server's tap, as if the FIN had been"}}


def run(lab):
    listener = lab.server.listen(80)
    pairs = [lab.pair(listener) for _ in range(6)]
    for client, served in pairs:
        lab.talk(client, served)
        client.close()
    lab.rest(0.3)
    lab.wire.lose(sender=lab.client)
    for _, served in pairs:
        served.close()
    lab.rest(2.5)
    lab.wire.heal()
    lab.rest(66)
