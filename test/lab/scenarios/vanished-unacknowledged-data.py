"""The peer vanishes while data is unacknowledged: sent again until tcp_retries2 gives up, without a word."""
HOSTS = 2
LASTS_S = 14
NOT_SHOWN = {
    "client": {"server": "the vanished peer is behind the loss"},
    "server": {"client": "what the client sends is lost before the server's tap"},
}


def run(lab):
    lab.client.sysctl(tcp_retries2=3)
    listener = lab.server.listen(80)
    pairs = [lab.pair(listener) for _ in range(6)]
    for client, served in pairs:
        lab.talk(client, served)
    lab.rest(0.5)
    # Half of them have the peer's FIN already: from CLOSE_WAIT.
    for _, served in pairs[:3]:
        served.close()
    lab.rest(0.2)
    lab.wire.lose()
    for client, _ in pairs:
        client.sendall(b"x" * 100)
        lab.rest(0.1)
    lab.rest(10)
