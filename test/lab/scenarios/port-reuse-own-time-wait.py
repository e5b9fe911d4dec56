"""The client closed first, and connects from the port of its own TIME_WAIT (tcp_tw_reuse), on loopback after a second."""


def run(lab):
    lab.client.sysctl(ip_local_port_range="40001 40001")
    listener = lab.server.listen(80)
    for n in range(5):
        client, served = lab.pair(listener)
        lab.talk(client, served)
        client.close()
        lab.rest(0.2)
        served.close()
        lab.rest(2.2)
    lab.rest(1)
