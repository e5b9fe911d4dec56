"""SO_LINGER 0 on either side, before and after the peer's FIN; close with unread data."""
from lab import abort

HOSTS = 2


def run(lab):
    listener = lab.server.listen(80)
    for who in (0, 1):
        # At once.
        ends = lab.pair(listener)
        lab.talk(*ends)
        lab.rest(0.3)
        abort(ends[who])
        # After the peer's FIN: from CLOSE_WAIT.
        ends = lab.pair(listener)
        ends[1 - who].close()
        lab.rest(0.4)
        abort(ends[who])
        # Closed with unread data, the peer alive; then with the peer's FIN behind the data.
        ends = lab.pair(listener)
        ends[1 - who].sendall(b"never read")
        lab.rest(0.3)
        ends[who].close()
        ends = lab.pair(listener)
        ends[1 - who].sendall(b"never read")
        ends[1 - who].close()
        lab.rest(0.4)
        ends[who].close()
        # Own FIN first (shutdown), then the abort.
        ends = lab.pair(listener)
        ends[who].shutdown(1)
        lab.rest(0.4)
        abort(ends[who])
        lab.rest(0.4)
    lab.rest(1)
