"""What does every scenario have at hand? Hosts that are network namespaces, the wire between them, captures, `ss`.

A scenario's own process may hold sockets of several hosts at once: a socket stays in the namespace in which it was made.
Whatever is made here is gone when the process ends, however it ends.
"""
import ctypes
import json
import os
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
from contextlib import contextmanager

HERE = os.path.dirname(os.path.abspath(__file__))

CLIENT, SERVER = "192.0.2.1", "192.0.2.2"
CLIENT6, SERVER6 = "2001:db8::1", "2001:db8::2"
LOOPBACK, LOOPBACK6 = "127.0.0.1", "::1"

# After the scenario's last step, with captures and `ss` still running.
SILENCE_S = 1.0
# In immediate mode tcpdump loses nothing when it is stopped (without, the last second: seen); its ring then has one slot of
# the snap length per packet. States need no payload.
SNAP_LENGTH = 4096
BUFFER_KIB = 16384

REQUEST = b"GET / HTTP/1.1\r\nHost: shop.example\r\n\r\n"
RESPONSE = b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok"

CLONE_NEWNET = 0x40000000
_libc = ctypes.CDLL(None, use_errno=True)


def _enter(fd):
    """Python has os.setns only since 3.12."""
    if _libc.setns(fd, CLONE_NEWNET) != 0:
        raise OSError(ctypes.get_errno(), "setns")


def _run(*command):
    subprocess.run(command, check=True, stdout=subprocess.DEVNULL)


class Host:
    """A network namespace. Its sockets, programs, settings and packet filter."""

    def __init__(self, lab, name):
        self.lab, self.name = lab, name
        self.namespace = f"halfclose-lab-{os.getpid()}-{name}"
        self.addresses = []
        _run("ip", "netns", "add", self.namespace)
        lab.namespaces.append(self.namespace)
        _run("ip", "-n", self.namespace, "link", "set", "lo", "up")

    @contextmanager
    def entered(self):
        with open("/proc/thread-self/ns/net") as home, open(f"/run/netns/{self.namespace}") as there:
            _enter(there.fileno())
            try:
                yield
            finally:
                _enter(home.fileno())

    def sysctl(self, **settings):
        """sysctl(tcp_fin_timeout=5): all are per namespace."""
        with self.entered():
            for name, value in settings.items():
                with open(f"/proc/sys/net/ipv4/{name}", "w") as file:
                    file.write(str(value))

    def address(self, family=socket.AF_INET):
        return [a for a in self.addresses if (":" in a) == (family == socket.AF_INET6)][-1]

    def tcp(self, family=socket.AF_INET, port=0, address=None):
        """A TCP socket of this host, bound when a port or an address is given."""
        with self.entered():
            made = socket.socket(family, socket.SOCK_STREAM)
        made.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        if family == socket.AF_INET6:
            made.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, 0)
        if port or address:
            made.bind((address or self.address(family), port))
        self.lab.kept.append(made)
        return made

    def listen(self, port, backlog=1000, family=socket.AF_INET, address=None):
        made = self.tcp(family, port, address)
        made.listen(backlog)
        return made

    def start(self, name, *command, **options):
        """Runs a program until the scenario ends. Its output goes to NAME.log."""
        with open(f"{self.lab.work}/{name}.log", "wb") as log:
            process = subprocess.Popen(
                ["ip", "netns", "exec", self.namespace, *map(str, command)],
                stdin=subprocess.DEVNULL, stdout=log, stderr=subprocess.STDOUT, **options,
            )
        self.lab.processes.append(process)
        return process

    def run(self, *command, check=True, **options):
        """Runs a program and waits for it."""
        return subprocess.run(
            ["ip", "netns", "exec", self.namespace, *map(str, command)],
            stdin=subprocess.DEVNULL, capture_output=True, check=check, timeout=60, **options,
        )

    def python(self, program):
        """Runs a Python program in a process of its own."""
        return self.start(f"python-{len(self.lab.processes)}", sys.executable, "-c", program)

    def nft(self, rules):
        subprocess.run(["ip", "netns", "exec", self.namespace, "nft", "-f", "-"], input=rules, text=True, check=True)

    def wait_listening(self, port):
        self.lab.wait_until(lambda: self.run("ss", "-Htln", f"sport = :{port}").stdout)


class Wire:
    """A bridge between the two hosts, in a namespace of its own: what is lost here, only its sender has seen."""

    def __init__(self, lab, client, server):
        self.host = Host(lab, "wire")
        wire = self.host.namespace
        _run("ip", "-n", wire, "link", "add", "bridge0", "type", "bridge")
        _run("ip", "-n", wire, "link", "set", "bridge0", "up")
        for host, mac, addresses in ((client, "1", (CLIENT, CLIENT6)), (server, "2", (SERVER, SERVER6))):
            name = f"{host.name}0"
            _run("ip", "-n", wire, "link", "add", name, "type", "veth", "peer", "name", name,
                 "address", f"02:00:00:00:00:0{mac}", "netns", host.namespace)
            _run("ip", "-n", wire, "link", "set", name, "master", "bridge0", "up")
            _run("ip", "-n", host.namespace, "addr", "add", f"{addresses[0]}/24", "dev", name)
            _run("ip", "-n", host.namespace, "addr", "add", f"{addresses[1]}/64", "dev", name, "nodad")
            _run("ip", "-n", host.namespace, "link", "set", name, "up")
            host.addresses += addresses

    def lose(self, match="", sender=None):
        """Loses what matches, for example lose("tcp flags fin", sender=lab.client); without both, everything."""
        source = f'iifname "{sender.name}0"' if sender else ""
        # Address resolution is left alone: only IP is lost.
        self.host.nft(
            "add table bridge lab; add chain bridge lab forward { type filter hook forward priority 0; };"
            f"add rule bridge lab forward {source} ether type {{ip, ip6}} {match} drop"
        )

    def heal(self):
        self.host.nft("flush chain bridge lab forward")


class Lab:
    """One run of one scenario."""

    def __init__(self, scenario, out):
        self.scenario, self.out = scenario, out
        self.hosts, self.namespaces, self.processes, self.captures = [], [], [], []
        # Every socket stays open until it is closed by name: what a scenario forgets is leaked, not collected.
        self.kept = []
        self.work = tempfile.mkdtemp(prefix="halfclose-lab-")
        # MariaDB runs as a user of its own.
        os.chmod(self.work, 0o755)
        self.cadence_s = getattr(scenario, "CADENCE_S", 0.1)

    # ─── the stage ───

    def open(self):
        if getattr(self.scenario, "HOSTS", 1) == 1:
            self.client = self.server = Host(self, "host")
            self.hosts = [self.client]
        else:
            self.client, self.server = Host(self, "client"), Host(self, "server")
            self.hosts = [self.client, self.server]
            self.wire = Wire(self, self.client, self.server)
            # The bridge forwards once its ports are up.
            probe = self.server.listen(9)
            self.wait_until(lambda: self.client.tcp().connect_ex((SERVER, 9)) == 0)
            probe.close()
        # Of two hosts, only the client talks to itself.
        self.client.addresses[:0] = [LOOPBACK, LOOPBACK6]

    def begin(self):
        """Starts the captures, and `ss` beside them."""
        default = [("client", "client0"), ("server", "server0")] if len(self.hosts) == 2 else [("host", "lo")]
        for name, interface in getattr(self.scenario, "CAPTURES", default):
            host = next(h for h in self.hosts if h.name == name)
            file = f"{name}-{interface}.pcap"
            process = host.start(
                file, "tcpdump", "-i", interface, "-n", "-U", "--immediate-mode", "-s", SNAP_LENGTH, "-B", BUFFER_KIB, "-Z", "root",
                "-w", f"{self.out}/{file}", *getattr(self.scenario, "FILTER", "tcp").split(),
            )
            self.captures.append((name, file, process))
        for _, file, _ in self.captures:
            self.wait_until(lambda: b"listening on" in self.read(f"{file}.log"))
        for host in self.hosts:
            host.start(f"ss-{host.name}", sys.executable, f"{HERE}/snapshots.py",
                       self.cadence_s, f"{self.out}/ss-{host.name}.txt")
        for host in self.hosts:
            self.wait_until(lambda: os.path.exists(f"{self.out}/ss-{host.name}.txt"))

    def end(self):
        """Stops the captures, and writes down what `compare` must know."""
        time.sleep(SILENCE_S)
        for _, file, process in self.captures:
            process.send_signal(signal.SIGINT)
            process.wait(10)
            if b"\n0 packets dropped by kernel" not in self.read(f"{file}.log"):
                raise RuntimeError(f"{file}: {self.read(f'{file}.log').decode()}")
        views = [{"name": name, "files": [file]} for name, file, _ in self.captures]
        if len(views) == 2:
            views.append({"name": "both", "files": [file for _, file, _ in self.captures]})
        with open(f"{self.out}/scenario.json", "w") as file:
            json.dump({
                "name": self.scenario.__name__,
                "what": self.scenario.__doc__.strip(),
                "options": getattr(self.scenario, "OPTIONS", {}),
                "hosts": [{"name": h.name, "addresses": h.addresses} for h in self.hosts],
                "views": views,
                "notShown": getattr(self.scenario, "NOT_SHOWN", {}),
                "unknowable": getattr(self.scenario, "UNKNOWABLE", None),
            }, file, indent=2)

    def close(self):
        for process in reversed(self.processes):
            if process.poll() is None:
                process.terminate()
        deadline = time.monotonic() + 2
        while time.monotonic() < deadline and any(p.poll() is None for p in self.processes):
            time.sleep(0.05)
        for namespace in self.namespaces:
            pids = subprocess.run(["ip", "netns", "pids", namespace], capture_output=True, text=True).stdout.split()
            for pid in pids:
                try:
                    os.kill(int(pid), signal.SIGKILL)
                except ProcessLookupError:
                    pass
            subprocess.run(["ip", "netns", "del", namespace], stderr=subprocess.DEVNULL)
        for process in self.processes:
            process.wait()
        shutil.rmtree(self.work, ignore_errors=True)

    # ─── verbs ───

    def rest(self, seconds):
        """Lets time pass. (A scenario sleeps only here: what it waits for is then plain to see.)"""
        time.sleep(seconds)

    def wait_until(self, condition, seconds=20):
        deadline = time.monotonic() + seconds
        while not condition():
            if time.monotonic() > deadline:
                raise TimeoutError("gave up waiting")
            time.sleep(0.05)

    def read(self, name):
        path = f"{self.work}/{name}"
        if not os.path.exists(path):
            return b""
        with open(path, "rb") as file:
            return file.read()

    def write(self, name, text):
        with open(f"{self.work}/{name}", "w") as file:
            file.write(text)
        return f"{self.work}/{name}"

    def connect(self, listener, port=0, family=None, to=None):
        """A client's socket, connected to a listener and not accepted yet."""
        family = family or listener.family
        made = self.client.tcp(family, port)
        made.settimeout(20)
        made.connect((to or self.server.address(family), listener.getsockname()[1]))
        return made

    def pair(self, listener, port=0, **options):
        """A connection's two sockets: the client's and the one that the server accepted."""
        client = self.connect(listener, port, **options)
        return client, self.accept(listener)

    def accept(self, listener):
        served, _ = listener.accept()
        served.settimeout(20)
        self.kept.append(served)
        return served

    def connect_to(self, port):
        """A client's socket, connected to a program's port."""
        made = self.client.tcp()
        made.settimeout(20)
        made.connect((self.server.address(), port))
        return made

    def ask(self, client):
        """One HTTP request to a program, and its answer."""
        client.sendall(REQUEST)
        return client.recv(4096)

    def talk(self, client, served):
        """One request and its answer."""
        client.sendall(REQUEST)
        read_exactly(served, len(REQUEST))
        served.sendall(RESPONSE)
        read_exactly(client, len(RESPONSE))

    def nginx(self, keepalive):
        """nginx on port 8080, which ends a connection that is idle for so long."""
        paths = " ".join(f"{kind}_temp_path {self.work}/{kind};"
                         for kind in ("client_body", "proxy", "fastcgi", "uwsgi", "scgi"))
        conf = self.write("nginx.conf", f"""
            daemon off; pid {self.work}/nginx.pid; worker_processes 1; user root; events {{ worker_connections 256; }}
            http {{ access_log off; {paths} keepalive_timeout {keepalive};
                    server {{ listen 8080; location / {{ return 200 "ok"; }} }} }}
        """)
        self.server.start("nginx", "nginx", "-c", conf, "-e", "stderr")
        self.server.wait_listening(8080)


def read_exactly(sock, size):
    while size > 0:
        data = sock.recv(size)
        if not data:
            raise EOFError
        size -= len(data)


def abort(sock):
    """close() with SO_LINGER 0: RST instead of FIN."""
    sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, b"\1\0\0\0\0\0\0\0")
    sock.close()
