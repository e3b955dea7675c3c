"""Answers whom Fail2Ban accuses for lines that one of our filters reads: one JSON object a line in, one out.

in:  {"config": DIR, "filter": NAME, "options": {...}, "journal": bool, "now": seconds, "lines": [...]}
out: [[address, ...], ...]
"""
import json
import logging
import sys

from fail2ban.client.filterreader import FilterReader
from fail2ban.server.filter import Filter

logging.disable(logging.CRITICAL)


def compiled(question):
    reader = FilterReader(question["filter"], "samples", question["options"], basedir=question["config"])
    reader.read()
    reader.getOptions({})
    result = Filter(None)
    result.returnRawHost = True
    result.checkFindTime = False
    add = {"addfailregex": result.addFailRegex, "addignoreregex": result.addIgnoreRegex}
    for command, _, option, value, *_ in reader.convert():
        if option in add:
            for pattern in value if command == "multi-set" else [value]:
                add[option](pattern)
        elif option == "prefregex":
            result.prefRegex = value
    return result


def accused(reader, question, line):
    if question["journal"]:
        found = reader.processLine(("", "", line), date=question["now"])
    else:
        found = reader.processLine(line)
    return [str(host) for _, host, _, _ in found if host is not None and str(host) != "None"]


for text in sys.stdin:
    question = json.loads(text)
    reader = compiled(question)
    answer = [accused(reader, question, line) for line in question["lines"]]
    print(json.dumps(answer), flush=True)
