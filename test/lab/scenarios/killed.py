"""Processes killed with connections open: the kernel closes for them; unread data makes it RST."""
HOSTS = 2

SERVER = """
import socket, time
listener = socket.create_server(("192.0.2.2", 80))
held = []
while True:
    held.append(listener.accept()[0])
    if len(held) % 2: held[-1].recv(100)
"""
CLIENT = """
import socket, time
held = [socket.create_connection(("192.0.2.2", 81)) for _ in range(4)]
held[0].sendall(b"hello")
time.sleep(60)
"""


def run(lab):
    program = lab.server.python(SERVER)
    lab.server.wait_listening(80)
    clients = []
    for n in range(6):
        client = lab.client.tcp()
        client.connect((lab.server.address(), 80))
        client.sendall(b"some bytes")
        clients.append(client)
    listener = lab.server.listen(81)
    other = lab.client.python(CLIENT)
    served = [lab.accept(listener) for _ in range(4)]
    lab.rest(1)
    program.kill()
    other.kill()
    lab.rest(1)
    for sock in clients + served:
        sock.close()
    lab.rest(1)
