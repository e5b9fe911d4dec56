"""Nobody listens: RST to every SYN. Beside it a healthy connection, and one refused by a firewall in the same words."""
HOSTS = 2


def run(lab):
    listener = lab.server.listen(80)
    client, served = lab.pair(listener)
    lab.server.nft("add table ip lab; add chain ip lab input { type filter hook input priority 0; };"
                   "add rule ip lab input tcp dport 82 reject with tcp reset")
    for n in range(20):
        caller = lab.client.tcp()
        if caller.connect_ex((lab.server.address(), 81 + n % 2)) == 0:
            raise RuntimeError("not refused")
        caller.close()
        lab.rest(0.1)
    client.close()
    served.close()
    lab.rest(1)
