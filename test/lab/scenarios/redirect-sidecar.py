"""NAT REDIRECT to a sidecar on loopback: the client calls 198.51.100.10:80, the sidecar's socket is 127.0.0.1:15001."""


def prepare(lab):
    lab.client.nft("add table ip lab; add chain ip lab output { type nat hook output priority -100; };"
                   "add rule ip lab output ip daddr 198.51.100.10 tcp dport 80 redirect to :15001")
    lab.client.run("ip", "route", "add", "default", "dev", "lo", "src", "127.0.0.1")


def run(lab):
    listener = lab.server.listen(15001)
    for n in range(6):
        client = lab.client.tcp(port=50001 + n, address="127.0.0.1")
        client.connect(("198.51.100.10", 80))
        served = lab.accept(listener)
        lab.talk(client, served)
        lab.rest(0.3)
        ends = (client, served)
        ends[n % 2].close()
        lab.rest(0.4)
        if n < 4:
            ends[1 - n % 2].close()
    lab.rest(2)
