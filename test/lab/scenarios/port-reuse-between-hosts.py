"""tcp_tw_reuse between two hosts and one port to call from: after a second the client gives up its own TIME_WAIT."""
HOSTS = 2


def run(lab):
    lab.client.sysctl(tcp_tw_reuse=1, ip_local_port_range="40001 40001")
    listener = lab.server.listen(80)
    for _ in range(4):
        client, served = lab.pair(listener)
        lab.talk(client, served)
        client.close()
        lab.rest(0.2)
        served.close()
        lab.rest(1.5)
    lab.rest(1)
