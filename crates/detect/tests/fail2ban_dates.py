"""Answers what Fail2Ban's DateDetector finds: one JSON object a line in, one out.

in:  {"pattern": "..." or null, "now": seconds, "default_tz": "..." or null, "lines": [...]}
out: [[time or null, [start, end] or null], ...], times in seconds, places in characters; or {"error": "..."}
TZ in the environment is the host's zone.
"""
import json
import re
import sys
from types import SimpleNamespace

try:
    from fail2ban.server import datedetector
    from fail2ban.server.mytime import MyTime
except ImportError:
    sys.exit("no fail2ban")


def find(detector, line):
    match, template = detector.matchTime(line)
    if not match:
        return [None, None]
    span = [match.start(1), match.end(1)]
    moment = None
    if 0 <= span[0] < span[1]:
        try:
            moment = detector.getTime(line, (match, template))[0]
        except (KeyError, TypeError, AttributeError, OverflowError):
            pass
    return [moment, span]


def answer(question):
    now = question["now"]
    MyTime.setTime(now)
    # The order of patterns follows the host's clock; here it follows the question's.
    datedetector.time = SimpleNamespace(time=lambda: now)
    detector = datedetector.DateDetector()
    detector.default_tz = question.get("default_tz")
    for pattern in filter(None, map(str.strip, re.split("\n+", question["pattern"] or ""))):
        detector.appendTemplate(pattern)
    if not detector.templates:
        detector.addDefaultTemplate()
    for template in detector.templates:
        # Counted for all detectors of a process, of which each question must be free.
        template.template.hits = 0
    return [find(detector, line) for line in question["lines"]]


for text in sys.stdin:
    try:
        result = answer(json.loads(text))
    except Exception as error:  # a pattern that Fail2Ban does not take
        result = {"error": repr(error)}
    print(json.dumps(result), flush=True)
