"""The peer vanishes while a FIN is unacknowledged: FIN_WAIT_1 and LAST_ACK until tcp_orphan_retries gives up."""
HOSTS = 2
LASTS_S = 14
NOT_SHOWN = {
    "client": {"server": "the vanished peer is behind the loss"},
    "server": {"client": "what the client sends is lost before the server's tap"},
}


def run(lab):
    lab.client.sysctl(tcp_orphan_retries=2)
    listener = lab.server.listen(80)
    pairs = [lab.pair(listener) for _ in range(6)]
    for client, served in pairs:
        lab.talk(client, served)
    for _, served in pairs[:3]:
        served.close()
    lab.rest(0.4)
    lab.wire.lose()
    for client, _ in pairs:
        client.close()
        lab.rest(0.1)
    lab.rest(9)
