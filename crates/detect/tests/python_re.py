"""The real `re`, asked over JSON lines.

In:  {"pattern": str, "flags": "ims", "texts": [str, ...]}
Out: {"error": str}
     {"names": {name: index}, "groups": count, "matches": [null | [[start, end] | null, ...], ...]}
Spans are in characters. A text on which `re` takes too long answers "slow".
"""

import json
import re
import signal
import sys
import warnings

warnings.simplefilter("ignore")

FLAGS = {"i": re.IGNORECASE, "m": re.MULTILINE, "s": re.DOTALL}


class Slow(Exception):
    pass


def too_slow(_signal, _frame):
    raise Slow


def match(pattern, text):
    # The alarm may come as late as when it is called off. An engine that gives up has no answer either.
    try:
        try:
            signal.setitimer(signal.ITIMER_REAL, 1)
            found = pattern.search(text)
        finally:
            signal.setitimer(signal.ITIMER_REAL, 0)
    except (Slow, MemoryError, RuntimeError):
        return "slow"
    return found and [None if span[0] < 0 else span for span in found.regs]


def answer(question):
    flags = 0
    for letter in question["flags"]:
        flags |= FLAGS[letter]
    try:
        pattern = re.compile(question["pattern"], flags)
    except (re.error, OverflowError, RecursionError, ValueError) as error:
        return {"error": str(error)}
    matches = [match(pattern, text) for text in question["texts"]]
    return {"names": dict(pattern.groupindex), "groups": pattern.groups, "matches": matches}


signal.signal(signal.SIGALRM, too_slow)
for line in sys.stdin:
    print(json.dumps(answer(json.loads(line))), flush=True)
