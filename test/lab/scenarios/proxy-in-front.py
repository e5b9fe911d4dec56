"""HAProxy in front of nginx: short connections on one side, pooled ones on the other, both on loopback."""
LASTS_S = 16


def prepare(lab):
    lab.nginx(keepalive="2s")
    conf = lab.write("haproxy.cfg", """
defaults
  mode http
  timeout connect 2s
  timeout client 2s
  timeout server 5s
  timeout http-keep-alive 1s
frontend front
  bind 127.0.0.1:8000
  default_backend back
backend back
  server nginx 127.0.0.1:8080
""")
    lab.server.start("haproxy", "haproxy", "-db", "-f", conf)
    lab.server.wait_listening(8000)


def run(lab):
    for n in range(12):
        client = lab.connect_to(8000)
        lab.ask(client)
        if n % 3 == 0:
            client.close()
        elif n % 3 == 1:
            client.shutdown(1)
        lab.rest(0.25)
    lab.rest(5)
