"""The clients close, the server never does: their FIN_WAIT_2 expires after a lowered tcp_fin_timeout, its CLOSE_WAIT stays."""
HOSTS = 2
OPTIONS = {"finTimeout": "5s"}
LASTS_S = 14


def run(lab):
    lab.client.sysctl(tcp_fin_timeout=5)
    listener = lab.server.listen(80)
    for _ in range(10):
        client, served = lab.pair(listener)
        lab.talk(client, served)
        client.close()
        lab.rest(0.3)
    lab.rest(8)
