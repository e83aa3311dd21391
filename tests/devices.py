# SPDX-License-Identifier: MIT
"""A house of nothing but devices made from maps, for the tests that go through
the wire.

    with Devices([("box", "etc/maps/some-wallbox.yaml", "bus", 1)]) as devices:
        devices.path("bus")                 # the tty
        devices.get("box", "current_limit")["value"]
        devices.set("box", "current_limit", 13)

Lines are not paced unless a baud rate is given.
"""
import json
import os
import shutil
import socket
import subprocess
import tempfile

HOUSE = os.path.join(os.environ.get("B", "build"), "house")


class Refused(Exception):
    """The house's own reason."""


class Devices:
    def __init__(self, devices, seed=1, fast=1, baud=0):
        """devices: (name, map file, line, unit); fast: of watchdogs."""
        self.dir = tempfile.mkdtemp(prefix="house-")
        self.baud = baud
        self.frames = os.path.join(self.dir, "frames.csv")
        options = []
        for device in devices:
            options += ["--device", ":".join(map(str, device))]
        self.process = subprocess.Popen(
            [HOUSE, "--dir", self.dir, "--devices-only", "--with-parent",
             "--baud", str(baud), "--seed", str(seed), "--fast", str(fast),
             "--frames", self.frames, *options],
            stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
        if self.process.stdout.readline() != "ready\n":
            why = self.process.stderr.read()
            self.close()
            raise Refused(why.strip())

    def path(self, line):
        return os.path.join(self.dir, line)

    def say(self, command):
        """The answer as JSON, None when it is only `ok`."""
        with socket.socket(socket.AF_UNIX) as s:
            s.settimeout(10)
            s.connect(os.path.join(self.dir, "control"))
            s.sendall(command.encode())
            answer = b"".join(iter(lambda: s.recv(65536), b"")).decode()
        if answer.startswith("error: "):
            raise Refused(answer[7:].strip())
        return None if answer == "ok\n" else json.loads(answer)

    def state(self, device):
        return self.say(f"device {device}")

    def list(self, device):
        return self.say(f"list {device}")

    def get(self, device, point):
        return self.say(f"get {device} {point}")

    def set(self, device, point, value):
        """A number, a text, or None."""
        self.say(f"set {device} {point} {'none' if value is None else value}")

    def silent(self, device, yes=True):
        self.say(f"{'silent' if yes else 'answer'} {device}")

    def close(self):
        self.process.kill()
        self.process.wait()
        self.process.stdout.close()
        self.process.stderr.close()
        shutil.rmtree(self.dir, ignore_errors=True)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.close()
