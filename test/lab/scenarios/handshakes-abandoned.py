"""SYN-ACKs are lost on their way: SYN_SENT at the client, SYN_RECEIVED at the server, until both give up."""
HOSTS = 2
LASTS_S = 80
CADENCE_S = 0.25
NOT_SHOWN = {"client": {"server": "the SYN-ACKs are lost before the client's tap"}}


def run(lab):
    lab.client.sysctl(tcp_syn_retries=2)
    lab.server.listen(80)
    lab.wire.lose("tcp flags & (syn | ack) == syn | ack", sender=lab.server)
    for _ in range(4):
        caller = lab.client.tcp()
        caller.setblocking(False)
        caller.connect_ex((lab.server.address(), 80))
        lab.rest(0.3)
    lab.rest(72)
