"""Puts TCP packets of whole HTTP conversations onto an interface, at a stated rate, and says how many it put there.

sender.py INTERFACE PACKETS_PER_SECOND SECONDS → one line of JSON: {"sent", "seconds", "late_ms"}

The frames are made beforehand and handed to the kernel by sendmmsg, a burst a millisecond. They are addressed to a host that is not
there: every tap of the interface sees them, and nobody answers. After each round through the frames the connections get other
addresses.
"""
import ctypes
import json
import socket
import struct
import sys
import time

CONNECTIONS = 4000
AT_ONCE = 50
BURST_S = 0.001
PAUSE_S = 0.0003
REQUEST = b"GET /orders/4711 HTTP/1.1\r\nHost: shop.example\r\nAccept: */*\r\n\r\n"
RESPONSE = b"HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\nContent-Length: 200\r\n\r\n" + b"x" * 200
FIN, SYN, PSH, ACK = 1, 2, 8, 16
# Of the client, of the server; 198.51.100.0/24 and 203.0.113.0/24 are reserved for documentation.
CLIENT, SERVER = bytes([198, 51, 100, 0]), bytes([203, 0, 113, 7])


class IoVec(ctypes.Structure):
    _fields_ = [("base", ctypes.c_void_p), ("length", ctypes.c_size_t)]


class MessageHeader(ctypes.Structure):
    _fields_ = [
        ("name", ctypes.c_void_p), ("name_length", ctypes.c_uint32),
        ("vectors", ctypes.POINTER(IoVec)), ("vector_count", ctypes.c_size_t),
        ("control", ctypes.c_void_p), ("control_length", ctypes.c_size_t), ("flags", ctypes.c_int),
    ]


class Message(ctypes.Structure):
    _fields_ = [("header", MessageHeader), ("sent", ctypes.c_uint32)]


def frame(from_client, client, port, seq, ack, flags, payload):
    source, target = (client, SERVER) if from_client else (SERVER, client)
    ports = (port, 80) if from_client else (80, port)
    tcp = struct.pack(">HHIIBBHHH", *ports, seq, ack, 0x50, flags, 65535, 0, 0) + payload
    ip = struct.pack(">BBHHHBBH4s4s", 0x45, 0, 20 + len(tcp), 0, 0x4000, 64, 6, 0, source, target)
    total = sum(struct.unpack(">10H", ip))
    total = (total & 0xFFFF) + (total >> 16)
    checksum = ~((total & 0xFFFF) + (total >> 16)) & 0xFFFF
    return b"\0" * 12 + b"\x08\0" + ip[:10] + struct.pack(">H", checksum) + ip[12:] + tcp


def conversation(number):
    client = CLIENT[:3] + bytes([1 + number % 250])
    port = 1024 + number // 250
    q, r = len(REQUEST), len(RESPONSE)
    steps = [
        (True, 0, 0, SYN, b""), (False, 0, 1, SYN | ACK, b""), (True, 1, 1, ACK, b""),
        (True, 1, 1, PSH | ACK, REQUEST), (False, 1, 1 + q, ACK, b""),
        (False, 1, 1 + q, PSH | ACK, RESPONSE), (True, 1 + q, 1 + r, ACK, b""),
        (True, 1 + q, 1 + r, FIN | ACK, b""), (False, 1 + r, 2 + q, FIN | ACK, b""), (True, 2 + q, 2 + r, ACK, b""),
    ]
    return [frame(a, client, port, seq, ack, flags, payload) for a, seq, ack, flags, payload in steps]


def prepare():
    frames = []
    for first in range(0, CONNECTIONS, AT_ONCE):
        group = [conversation(n) for n in range(first, first + AT_ONCE)]
        frames += [one[step] for step in range(len(group[0])) for one in group]
    memory = ctypes.create_string_buffer(b"".join(frames))
    base = ctypes.addressof(memory)
    vectors, messages, low_ports, offset = (IoVec * len(frames))(), (Message * len(frames))(), [], 0
    for n, one in enumerate(frames):
        vectors[n].base, vectors[n].length = base + offset, len(one)
        messages[n].header.vectors = ctypes.pointer(vectors[n])
        messages[n].header.vector_count = 1
        # The high byte of the client's port: source port at 34, target port at 36.
        low_ports.append(offset + (34 if one[26:29] == CLIENT[:3] else 36))
        offset += len(one)
    return memory, vectors, messages, low_ports


def main():
    interface, rate, seconds = sys.argv[1], float(sys.argv[2]), float(sys.argv[3])
    memory, vectors, messages, ports = prepare()
    libc = ctypes.CDLL(None, use_errno=True)
    tap = socket.socket(socket.AF_PACKET, socket.SOCK_RAW, 0)
    tap.bind((interface, 0))
    tap.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, 1 << 22)
    size, total = ctypes.sizeof(Message), int(rate * seconds)
    first = ctypes.addressof(messages)
    print("ready", flush=True)
    sent, place, rounds, late = 0, 0, 0, 0.0
    start = time.perf_counter()
    while sent < total:
        elapsed = time.perf_counter() - start
        due = min(total, int(elapsed * rate) + 1) - sent
        if due <= 0:
            time.sleep(PAUSE_S)
            continue
        late = max(late, due / rate - BURST_S)
        count = min(due, len(messages) - place, 1024)
        done = libc.sendmmsg(tap.fileno(), ctypes.c_void_p(first + place * size), count, 0)
        if done < 0:
            raise OSError(ctypes.get_errno(), "sendmmsg")
        sent += done
        place += done
        if place == len(messages):
            place, rounds = 0, rounds + 1
            for n in ports:
                memory[n] = 4 + rounds * 17 % 200
    print(json.dumps({"sent": sent, "seconds": round(time.perf_counter() - start, 3), "late_ms": round(1000 * late, 1)}))


main()
