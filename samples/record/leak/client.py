# Which program leaks its HTTP connections? This one: a new http.client connection per call, kept in a list, never closed.
#
# Beside it, once a second, a well-behaved call to another port of the same server, closed after use. It goes on working
# when the first destination's ports are gone, for on Linux ports are counted per destination.
import errno, http.client, os, sys, threading, time

sys.path.insert(0, os.environ["RECORD"])
from journal import open_journal

HOST = "192.0.2.2"
STORAGE_PORT = 80
CONFIG_PORT = 8081
CALLS_PER_S = 10
# After the first call that finds no port: long enough that the last connection has been in CLOSE_WAIT for seconds.
GOES_ON_S = 6
# A broken recording ends by itself.
LONGEST_S = 60

log = open_journal(os.environ["JOURNAL"])
leaked = []
stop = threading.Event()


def call(n):
    target = f"/objects/{n:04d}"
    client = http.client.HTTPConnection(HOST, STORAGE_PORT, timeout=5)
    try:
        client.connect()
    except OSError as error:
        log("failed", target=target, errno=errno.errorcode.get(error.errno), error=str(error))
        return error.errno == errno.EADDRNOTAVAIL
    port = client.sock.getsockname()[1]
    log("connected", target=target, port=port)
    client.request("GET", target, headers={"Host": "storage.example"})
    response = client.getresponse()
    response.read()
    log("answered", target=target, port=port, status=response.status)
    leaked.append(client)
    return False


def watch_config():
    n = 0
    while not stop.is_set():
        n += 1
        target = f"/config/{n:04d}"
        client = http.client.HTTPConnection(HOST, CONFIG_PORT, timeout=5)
        client.request("GET", target, headers={"Host": "config.example", "Connection": "close"})
        port = client.sock.getsockname()[1]
        response = client.getresponse()
        response.read()
        client.close()
        log("config", target=target, port=port, status=response.status)
        stop.wait(1)


config = threading.Thread(target=watch_config)
config.start()
started = time.monotonic()
until = started + LONGEST_S
exhausted = False
n = 0
while time.monotonic() < until:
    n += 1
    if call(n) and not exhausted:
        exhausted = True
        until = time.monotonic() + GOES_ON_S
    time.sleep(max(0, started + n / CALLS_PER_S - time.monotonic()))
stop.set()
config.join()
log("done", leaked=len(leaked))
# Snapshot and end of the capture come before its sockets are closed.
signal_file = os.environ["DONE"]
open(signal_file, "w").close()
time.sleep(LONGEST_S)
