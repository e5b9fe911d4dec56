# Which program reuses connections that the server has closed? This one: three pools that live longer than three idle seconds.
#
#   price    8 × http.client to nginx, which ends idle connections with FIN
#   stock    6 × libmariadb to a MariaDB with a thread pool, which ends them with FIN
#   orders   6 × libmariadb to a MariaDB with a thread per connection, which ends them with RST
# A broken connection is replaced and its request sent again, as a pool does.
import http.client, os, socket, sys, time

sys.path.insert(0, os.environ["RECORD"])
sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
import mariadb
from journal import open_journal

HOST = "192.0.2.2"
log = open_journal(os.environ["JOURNAL"])


class HttpPool:
    name, port = "price", 80

    def __init__(self, size):
        self.slots = list(range(size))
        self.idle_since = [None] * size
        self.requests = 0
        self.clients = [self.open(slot) for slot in self.slots]

    def open(self, slot):
        client = http.client.HTTPConnection(HOST, self.port, timeout=5)
        client.connect()
        log("opened", pool=self.name, slot=slot, port=client.sock.getsockname()[1])
        return client

    def local_port(self, slot):
        return self.clients[slot].sock.getsockname()[1]

    def ask(self, slot):
        self.requests += 1
        client = self.clients[slot]
        client.request("GET", f"/price/{self.requests:04d}", headers={"Host": "shop.example"})
        response = client.getresponse()
        response.read()

    def failed(self, error):
        return type(error).__name__

    def close(self, slot):
        self.clients[slot].close()


class DatabasePool(HttpPool):
    def __init__(self, name, port, size):
        self.name, self.port = name, port
        super().__init__(size)

    def open(self, slot):
        client = mariadb.Connection(HOST, self.port, "shop", "shop")
        log("opened", pool=self.name, slot=slot, port=port_of(client.fileno()))
        return client

    def local_port(self, slot):
        return port_of(self.clients[slot].fileno())

    def ask(self, slot):
        self.requests += 1
        self.clients[slot].query(f"SELECT {self.requests}")

    def failed(self, error):
        return str(error.number)


def port_of(descriptor):
    with socket.socket(fileno=os.dup(descriptor)) as copy:
        return copy.getsockname()[1]


def use(pool, slot, step):
    """One request on one connection of the pool; a broken one is replaced, and the request sent again."""
    port = pool.local_port(slot)
    idle = None if pool.idle_since[slot] is None else round(time.monotonic() - pool.idle_since[slot], 3)
    log("asks", pool=pool.name, slot=slot, port=port, step=step, idle_s=idle)
    try:
        pool.ask(slot)
        log("answered", pool=pool.name, slot=slot, port=port, step=step)
    except (http.client.HTTPException, OSError, mariadb.Failed) as error:
        log("broken", pool=pool.name, slot=slot, port=port, step=step, error=pool.failed(error), text=str(error))
        pool.close(slot)
        pool.clients[slot] = pool.open(slot)
        pool.ask(slot)
        log("answered_again", pool=pool.name, slot=slot, port=pool.local_port(slot), step=step)
    pool.idle_since[slot] = time.monotonic()


price = HttpPool(8)
stock = DatabasePool("stock", 3306, 6)
orders = DatabasePool("orders", 3307, 6)
pools = [price, stock, orders]


def use_all(step):
    for pool in pools:
        for slot in pool.slots:
            use(pool, slot, step)


# Idle for less than the servers' three seconds: healthy.
use_all("first")
time.sleep(1)
use_all("after-1s")
time.sleep(2)
use_all("after-2s")
# Idle for longer, but for two connections of each pool that a health check uses all the time.
for _ in range(3):
    time.sleep(1.5)
    for pool in pools:
        for slot in pool.slots[:2]:
            use(pool, slot, "kept-warm")
use_all("after-4.5s")
time.sleep(1)
use_all("after-1s-again")
time.sleep(5)
# Three of the HTTP connections are not wanted now: the server has closed them, but nothing is written onto them.
for slot in price.slots[:5]:
    use(price, slot, "after-5s")
for pool in [stock, orders]:
    for slot in pool.slots:
        use(pool, slot, "after-5s")
time.sleep(1)
for pool in pools:
    for slot in pool.slots:
        if pool is price and slot >= 5:
            log("unused", pool=pool.name, slot=slot, port=pool.local_port(slot))
        else:
            use(pool, slot, "last")
        pool.close(slot)
log("done")
