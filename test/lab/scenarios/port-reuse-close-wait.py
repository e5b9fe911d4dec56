"""The client's socket expired, the server's is stuck in CLOSE_WAIT; a new SYN from that port meets a challenge ACK."""
HOSTS = 2
OPTIONS = {"finTimeout": "2s"}
LASTS_S = 14


def run(lab):
    lab.client.sysctl(tcp_fin_timeout=2)
    listener = lab.server.listen(80)
    for n in range(3):
        client, served = lab.pair(listener, port=40001)
        lab.talk(client, served)
        client.close()
        lab.rest(3)
    lab.rest(1)
