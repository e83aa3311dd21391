# SPDX-License-Identifier: MIT
"""A house whose gateway serves Modbus TCP, and a client made of bytes.

Unit 1 is the meter itself, from memory or over its line; 2 the shown meter; 3
the meter with writing allowed; 247 the box. Nobody is unit 9.
"""
import socket
import struct

from rig import Rig, free_port

METER, SHOWN, WRITABLE, NOBODY, BOX = 1, 2, 3, 9, 247
UNPOLLED = 84  # of the SDM630: only over the line
FUNCTION, ADDRESS, BUSY, PATH, TARGET = 1, 2, 6, 10, 11

TCP = """\
modbus_tcp:
  port: {port}
  connections_max: {connections}
  idle_s: {idle}
  units:
    - {{unit: 1, device: grid}}
    - {{unit: 2, shown: solis-meter}}
    - {{unit: 3, device: grid, write: allow, write_ranges: [{{first: 10, last: 19}}]}}
    - {{unit: 247, box: true}}
"""


class TcpRig(Rig):
    def __init__(self, connections=64, idle=300, **more):
        self.tcp_port = free_port()
        super().__init__(more_blocks=TCP.format(
            port=self.tcp_port, connections=connections, idle=idle), **more)
        try:
            self.wait_active()
        except BaseException:
            self.close()
            raise

    def client(self):
        return Client(self.tcp_port)

    def counter(self, at):
        with self.client() as c:
            return struct.unpack(">I", c.read(BOX, at, 2))[0]


def request(tid, unit, pdu):
    return struct.pack(">HHHB", tid, 0, len(pdu) + 1, unit) + pdu


def read_pdu(address, count, function=3):
    return struct.pack(">BHH", function, address, count)


class Client:
    def __init__(self, port, timeout=15):
        self.socket = socket.create_connection(("127.0.0.1", port), timeout)
        self.socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self.tid = 0

    def send(self, data):
        self.socket.sendall(data)

    def take(self, length):
        data = b""
        while len(data) < length:
            part = self.socket.recv(length - len(data))
            if not part:
                raise EOFError(f"closed after {len(data)} of {length}")
            data += part
        return data

    def reply(self):
        """Transaction id, unit, PDU."""
        tid, protocol, length, unit = struct.unpack(">HHHB", self.take(7))
        assert protocol == 0 and 2 <= length <= 254
        return tid, unit, self.take(length - 1)

    def ask(self, unit, pdu):
        self.tid = (self.tid + 1) & 0xffff
        self.send(request(self.tid, unit, pdu))
        tid, same, answer = self.reply()
        assert (tid, same) == (self.tid, unit), (tid, self.tid, same, unit)
        return answer

    def read(self, unit, address, count, function=3):
        """The registers' bytes."""
        answer = self.ask(unit, read_pdu(address, count, function))
        assert answer[0] == function, answer.hex()
        assert answer[1] == 2 * count == len(answer) - 2
        return answer[2:]

    def is_closed(self, timeout=5):
        self.socket.settimeout(timeout)
        try:
            return self.socket.recv(1) == b""
        except ConnectionResetError:
            return True
        except TimeoutError:
            return False

    def reset(self):
        self.socket.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER,
                               struct.pack("ii", 1, 0))
        self.socket.close()

    def __enter__(self):
        return self

    def __exit__(self, *what):
        self.socket.close()


def exception(answer):
    assert answer[0] & 0x80 and len(answer) == 2, answer.hex()
    return answer[1]
