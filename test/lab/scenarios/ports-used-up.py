"""A narrow ip_local_port_range is used up by TIME_WAIT; connect() fails without a packet, and works again a minute later."""
import errno

LASTS_S = 80
CADENCE_S = 0.5
OPTIONS = {"portRange": "40000-40099"}


def run(lab):
    lab.client.sysctl(ip_local_port_range="40000 40099", tcp_tw_reuse=0)
    listener = lab.server.listen(80)
    failed = 0
    for n in range(110):
        caller = lab.client.tcp()
        try:
            caller.connect((lab.server.address(), 80))
        except OSError as error:
            if error.errno != errno.EADDRNOTAVAIL:
                raise
            failed += 1
            continue
        served = lab.accept(listener)
        lab.talk(caller, served)
        caller.close()
        served.close()
        lab.rest(0.03)
    if failed != 10:
        raise RuntimeError(f"{failed} of 110 found no port; 10 expected")
    lab.rest(64)
    client, served = lab.pair(listener)
    lab.talk(client, served)
    client.close()
    served.close()
    lab.rest(1)
