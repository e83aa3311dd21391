# SPDX-License-Identifier: MIT
"""What inverters were recorded to ask, from tests/replay (its README tells the
form of the files)."""
import glob
import os
import struct

FOLDER = os.path.join(os.path.dirname(__file__), "replay")


class Step:
    def __init__(self, text, unit):
        ask, self.expected = (part.split() for part in text.split("->"))
        self.text = text
        self.after_s = float(ask.pop(0)) / 1000
        self.unit = int(ask.pop(0)[1:]) if ask[0][0] == "@" else unit
        self.function, self.address, self.count = (
            int(word, 0) for word in ask[:3])
        self.values = [int(word, 0) for word in ask[4:]]

    def request(self):
        data = struct.pack(">BBHH", self.unit, self.function, self.address,
                           self.count)
        if self.function == 16:
            data += struct.pack(f">B{len(self.values)}H",
                                2 * len(self.values), *self.values)
        return data


class Family:
    def __init__(self, path):
        self.name = os.path.basename(path)[:-len(".txt")]
        self.fields = {"waits": "yes", "order": "high_first"}
        self.points = {}
        with open(path) as f:
            lines = [line.split("#")[0].strip() for line in f]
        lines = [line for line in lines if line]
        while ":" in lines[0]:
            key, value = lines.pop(0).split(":")
            if key == "point":
                self.add_point(*value.split())
            else:
                self.fields[key] = value.strip()
        self.unit = int(self.fields["unit"])
        self.offset_w = float(self.fields["offset_w"])
        self.deadline_s = int(self.fields["deadline_ms"]) / 1000
        self.waits = self.fields["waits"] == "yes"
        self.steps = self.unrolled(iter(lines))

    def add_point(self, name, address, kind, step):
        self.points[name] = (int(address, 0), kind, float(step))

    def unrolled(self, lines):
        steps = []
        for line in lines:
            if line == "end":
                break
            if line.startswith("loop"):
                steps += int(line.split()[1]) * self.unrolled(lines)
            else:
                steps.append(Step(line, self.unit))
        return steps

    def decode(self, words, kind):
        if self.fields["order"] == "low_first":
            words = words[::-1]
        code = {"u16": "H", "s16": "h", "u32": "I", "s32": "i", "f32": "f"}
        return struct.unpack(">" + code[kind],
                             struct.pack(f">{len(words)}H", *words))[0]

    def values_in(self, address, words):
        """name: value in the SDM630's unit, of the points in an answer."""
        values = {}
        for name, (at, kind, step) in self.points.items():
            size = 1 if kind.endswith("16") else 2
            at -= address
            if 0 <= at and at + size <= len(words):
                values[name] = step * self.decode(words[at:at + size], kind)
        return values


def families():
    return [Family(path)
            for path in sorted(glob.glob(os.path.join(FOLDER, "*.txt")))]
