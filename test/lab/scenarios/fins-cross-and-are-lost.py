"""Both close while the wire loses FINs: both wait in FIN_WAIT_1, and the FINs that are sent again meet in CLOSING."""
HOSTS = 2
NOT_SHOWN = {
    "client": {"server": "the server's FINs are lost before the client's tap"},
    "server": {"client": "the client's FINs are lost before the server's tap"},
}


def run(lab):
    listener = lab.server.listen(80)
    pairs = [lab.pair(listener) for _ in range(4)]
    for client, served in pairs:
        lab.talk(client, served)
    lab.rest(0.3)
    lab.wire.lose("tcp flags fin")
    for n, (client, served) in enumerate(pairs):
        client.close()
        lab.rest(0.05 * n)
        served.close()
    lab.rest(1)
    lab.wire.heal()
    lab.rest(4)
