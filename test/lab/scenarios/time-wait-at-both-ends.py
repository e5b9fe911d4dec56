"""TIME_WAIT for its whole minute at both ends, after a simultaneous close. The first FINs are lost, so that they surely cross."""
HOSTS = 2
LASTS_S = 75
CADENCE_S = 0.25
NOT_SHOWN = {
    "client": {"server": "the server's FINs are lost before the client's tap"},
    "server": {"client": "the client's FINs are lost before the server's tap"},
}


def run(lab):
    listener = lab.server.listen(80)
    pairs = [lab.pair(listener) for _ in range(8)]
    for ends in pairs:
        lab.talk(*ends)
    lab.wire.lose("tcp flags fin")
    for client, served in pairs:
        client.close()
        served.close()
    lab.rest(0.3)
    lab.wire.heal()
    lab.rest(65)
