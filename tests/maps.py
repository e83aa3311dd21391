# SPDX-License-Identifier: MIT
"""The map files as a foreign program reads them, and registers as values."""
import glob
import os
import re
import struct

FACTORS = {"k": 1e3, "M": 1e6, "m": 1e-3}
BASES = ("W", "Wh", "var", "varh", "VA", "VAh", "V", "A", "Hz")
FORMATS = {"u16": "H", "s16": "h", "u32": "I", "s32": "i", "u64": "Q",
           "s64": "q", "f32": "f", "f64": "d"}
PAIR = re.compile(r'(\w+): *("[^"]*"|\[[^]]*\]|[^,{}\[\]]+)')


def scalar(text):
    text = text.strip().strip('"')
    try:
        return int(text, 0)
    except ValueError:
        pass
    try:
        return float(text)
    except ValueError:
        return text


def rows(text, section):
    """The {...} entries of a list."""
    part = re.search(rf"^{section}:\n((?:[ #].*\n|\n)*)", text, re.M)
    lines = part.group(1) if part else ""
    return [{key: scalar(value) for key, value in PAIR.findall(entry)}
            for entry in re.findall(r"- \{((?:[^{}\"]|\"[^\"]*\")*)\}", lines)]


def factor(unit):
    if unit in BASES or not isinstance(unit, str):
        return 1.0
    return FACTORS[unit[0]] if unit[1:] in BASES else 1.0


class Point:
    def __init__(self, row, header):
        self.name = row["point"]
        self.address = row["address"]
        self.type = row["type"]
        self.low_first = row.get(
            "word_order", header.get("word_order")) == "low_first"
        self.step = row.get("scale", 1) * factor(row.get("unit"))
        self.offset = row.get("offset", 0)
        self.format = FORMATS[self.type]
        self.words = struct.calcsize(self.format) // 2

    def is_float(self):
        return self.type in ("f32", "f64")

    def half(self, value):
        """How far a register may be off."""
        if self.is_float():
            return abs(value) * 1.3e-7 + 1e-9
        return abs(self.step) * 0.5 + abs(value) * 1e-9

    def held(self, value):
        """At the end of the register's range."""
        if self.is_float():
            return value
        bits = 16 * self.words
        low, high = (0, 2 ** bits - 1) if self.type[0] == "u" else \
            (-2 ** (bits - 1), 2 ** (bits - 1) - 1)
        raw = value / self.step + self.offset
        return (min(max(raw, low), high) - self.offset) * self.step

    def read(self, registers):
        words = [registers[self.address + i] for i in range(self.words)]
        if self.low_first:
            words.reverse()
        raw, = struct.unpack(">" + self.format,
                             struct.pack(f">{self.words}H", *words))
        return (raw - self.offset) * self.step


class Map:
    def __init__(self, path):
        with open(path) as f:
            text = re.sub(r"[ \t]#.*$|^#.*$", "", f.read(), flags=re.M)
        self.file = os.path.basename(path)[:-len(".yaml")]
        self.header = {key: scalar(value) for key, value in re.findall(
            r"^(\w+): *([^\n]+)$", text, re.M)}
        self.kind = self.header.get("kind", "meter")
        self.function = self.header["function"]
        self.blocks = [(row["address"], row["count"])
                       for row in rows(text, "blocks")]
        self.points = [
            Point(row, self.header) for row in rows(text, "points")
            if "point" in row and "model" not in row and
            row.get("function", self.function) == self.function and
            row.get("access", "r") != "w" and row["type"] in FORMATS and
            "scale_point" not in row]

    def names(self):
        return {point.name for point in self.points}

    def phases(self):
        return 3 if any(name.endswith(("_l2", "_l3"))
                        for name in self.names()) else 1

    def reads(self, most=100):
        """Spans that cover all points, each within a block."""
        for first, count in self.blocks:
            for at in range(first, first + count, most):
                end = min(at + most, first + count)
                if any(p.address < end and p.address + p.words > at
                       for p in self.points):
                    yield at, end - at


def meters(folder="etc/maps"):
    maps = [Map(path) for path in sorted(glob.glob(folder + "/*.yaml"))]
    return [m for m in maps if m.kind == "meter" and m.blocks]
