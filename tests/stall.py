# SPDX-License-Identifier: MIT
"""How long the machine stood still: a process that only sleeps, and sees when
it is woken too late.

A test that runs in real time says nothing when the machine under it, shared
with others, stops for as long as the timeouts that are tested.
"""
import mmap
import os
import struct
import time

STEP_S = 0.02


class Watch:
    def __init__(self):
        self.memory = mmap.mmap(-1, 8)
        parent = os.getpid()
        if os.fork() == 0:
            self.look(parent)

    def look(self, parent):
        last = time.monotonic()
        while os.getppid() == parent:
            time.sleep(STEP_S)
            now = time.monotonic()
            if now - last - STEP_S > self.longest_s():
                self.memory[:] = struct.pack("d", now - last - STEP_S)
            last = now
        os._exit(0)

    def start(self):
        self.memory[:] = struct.pack("d", 0.0)

    def longest_s(self):
        """The longest wait beyond what was asked for, since start()."""
        return struct.unpack("d", self.memory[:])[0]
