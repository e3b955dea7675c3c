"""The patterns of an installed Fail2Ban, as its own reader resolves them, with texts that nearly all match.

Out: {"filter": str, "pattern": str, "texts": [str, ...]}
"""

import glob
import json
import logging
import os
import random
import re._constants as op
import re._parser as parser
import sys
import warnings

warnings.simplefilter("ignore")
logging.disable(logging.CRITICAL)
sys.path.insert(0, "/usr/lib/python3/dist-packages")

from fail2ban.client.filterreader import FilterReader  # noqa: E402
from fail2ban.server.failregex import FailRegex, Regex  # noqa: E402

BASE = "/etc/fail2ban"
SAMPLES = {
    op.CATEGORY_DIGIT: "0179",
    op.CATEGORY_SPACE: " \t",
    op.CATEGORY_WORD: "aZ_5é",
    op.CATEGORY_NOT_DIGIT: "x ",
    op.CATEGORY_NOT_SPACE: "x.:\"é",
    op.CATEGORY_NOT_WORD: " -:",
}


class Writer:
    """Writes a text that a parsed pattern could match, look-around aside."""

    def __init__(self, rng):
        self.rng = rng
        self.groups = {}

    def write(self, items):
        return "".join(self.item(code, argument) for code, argument in items)

    def item(self, code, argument):
        if code is op.LITERAL:
            return chr(argument)
        if code is op.NOT_LITERAL:
            return self.rng.choice([char for char in "xy 1:" if ord(char) != argument])
        if code is op.ANY:
            return self.rng.choice("ab 1.:'\"é[")
        if code is op.IN:
            return self.member(argument)
        if code is op.BRANCH:
            return self.write(self.rng.choice(argument[1]))
        if code is op.SUBPATTERN:
            text = self.write(argument[3])
            if argument[0] is not None:
                self.groups[argument[0]] = text
            return text
        if code is op.ATOMIC_GROUP:
            return self.write(argument)
        if code in (op.MAX_REPEAT, op.MIN_REPEAT, op.POSSESSIVE_REPEAT):
            low, high, body = argument
            return "".join(self.write(body) for _ in range(self.rng.randint(low, min(high, low + 3))))
        if code is op.GROUPREF:
            return self.groups.get(argument, "")
        if code is op.GROUPREF_EXISTS:
            return self.write(argument[1] if argument[0] in self.groups else argument[2] or [])
        return ""

    def member(self, items):
        if items[0][0] is op.NEGATE:
            return self.rng.choice("x~ 1")
        code, argument = self.rng.choice(items)
        if code is op.LITERAL:
            return chr(argument)
        if code is op.RANGE:
            return chr(self.rng.randint(*argument))
        return self.rng.choice(SAMPLES[argument])


def texts(pattern, rng):
    tree = parser.parse(pattern)
    for _ in range(12):
        text = Writer(rng).write(tree)
        yield text
        if text:
            place = rng.randrange(len(text))
            yield text[:place] + rng.choice(["", "x", " from ", "é", "\n"]) + text[place + 1 :]
    yield Writer(rng).write(tree) + "\n"


def patterns(name, options):
    reader = FilterReader(name, name, options, basedir=BASE)
    if not reader.read():
        return
    reader.getOptions({})
    for command in reader.convert():
        if command[0] == "multi-set" and command[2].endswith("regex"):
            yield from command[3]
        elif command[0] == "set" and command[2].endswith("regex"):
            yield command[3]


def main():
    rng = random.Random(1)
    seen = set()
    for path in sorted(glob.glob(BASE + "/filter.d/*.conf")):
        name = os.path.basename(path).removesuffix(".conf")
        for mode in (None, "normal", "ddos", "extra", "aggressive", "auth", "more"):
            try:
                found = list(patterns(name, {"mode": mode} if mode else {}))
            except Exception:
                continue
            for source in found:
                kind = FailRegex if "HOST" in source or "ADDR" in source else Regex
                try:
                    pattern = kind(source).getRegex()
                except Exception:
                    continue
                if pattern not in seen:
                    seen.add(pattern)
                    print(json.dumps({"filter": name, "pattern": pattern, "texts": list(texts(pattern, rng))}))


main()
