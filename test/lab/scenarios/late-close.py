"""The late close of a leak: before the peer's FIN_WAIT_2 expires (TIME_WAIT), and after (RST)."""
HOSTS = 2
OPTIONS = {"finTimeout": "3s"}


def run(lab):
    lab.client.sysctl(tcp_fin_timeout=3)
    lab.server.sysctl(tcp_fin_timeout=3)
    listener = lab.server.listen(80)
    pairs = [lab.pair(listener) for _ in range(8)]
    for client, served in pairs:
        lab.talk(client, served)
        client.close()
    for n, (_, served) in enumerate(pairs):
        lab.rest(0.8)
        if n % 2:
            try:
                # The last ones write first: data to a closed socket draws RST.
                served.sendall(b"too late")
            except OSError:
                pass
        lab.rest(0.01)
        served.close()
    # And the server's own.
    client, served = lab.pair(listener)
    served.close()
    lab.rest(4)
    client.close()
    lab.rest(1)
