"""Asks the installed Fail2Ban what a configuration means, for comparison: the reference, not a part of the program.

usage: reader.py DIR filters < SPECS     one filter[option=value,...] a line
       reader.py DIR actions < SPECS     one action[option=value,...] a line, for a jail called jail
       reader.py DIR jails               every jail of DIR, switched on

Prints one JSON object a filter, action or jail.
"""
import json
import logging
import sys

from fail2ban.client.actionreader import ActionReader
from fail2ban.client.filterreader import FilterReader
from fail2ban.client.jailsreader import JailsReader
from fail2ban.helpers import extractOptions
from fail2ban.server.action import CommandAction
from fail2ban.server.ipdns import DNSUtils
from fail2ban.server.mytime import MyTime

LISTS = {"addfailregex": "failregex", "addignoreregex": "ignoreregex", "addjournalmatch": "journalmatch"}
SINGLE = ("prefregex", "datepattern", "maxlines", "usedns")


def collect(stream):
    """The commands of a stream as a table."""
    found = {}
    for command in stream:
        if command[0] == "multi-set" and command[2] in LISTS:
            found.setdefault(LISTS[command[2]], []).extend(command[3])
        elif command[0] == "set" and command[2] == "addjournalmatch":
            found.setdefault("journalmatch", []).append(command[3:])
        elif command[0] == "set" and command[2] in LISTS:
            found.setdefault(LISTS[command[2]], []).append(command[3])
        elif command[0] == "set" and command[2] in SINGLE:
            found[command[2]] = command[3]
    return found


def filters(base):
    for line in sys.stdin:
        spec = line.rstrip("\n")
        name, options = extractOptions(spec)
        try:
            reader = FilterReader(name, "jail", options, share_config={}, basedir=base)
            if not reader.read():
                raise ValueError("no such filter")
            reader.applyAutoOptions("")
            reader.getOptions(None)
            found = collect(reader.convert())
        except Exception as error:
            found = {"error": repr(error)}
        print(json.dumps({"spec": spec, **found}))


OPERATIONS = ("start", "stop", "flush", "reload", "check", "repair", "ban", "prolong", "reban", "unban")
FAMILIES = ("", "family=inet4", "family=inet6")


def action(spec, base):
    """What an action runs, by operation and family."""
    name, options = extractOptions(spec)
    reader = ActionReader(name, "jail", options, share_config={}, basedir=base)
    if not reader.read():
        raise ValueError("no such action")
    reader.getOptions({"maxretry": 7, "logpath": "/l"})
    running = CommandAction(None, name)
    for command in reader.convert():
        for option, value in command[4] if command[0] == "multi-set" else ():
            # The tag <bantime> is each ban's own, whatever a file says.
            if option != "bantime":
                setattr(running, option, value)
    commands = {}
    for operation in OPERATIONS:
        option = "action" + operation
        texts = [running.replaceTag("<" + option + ">", running._properties, conditional=f) for f in FAMILIES]
        commands[option] = [text if text != "<" + option + ">" else "" for text in texts]
    return {
        "commands": commands,
        "on_demand": bool(running._startOnDemand),
        "norestored": bool(getattr(running, "norestored", False)),
    }


def actions(base):
    for line in sys.stdin:
        try:
            found = action(line.rstrip("\n"), base)
        except Exception as error:
            found = {"error": repr(error)}
        print(json.dumps(found))


def jails(base):
    reader = JailsReader(force_enable=True, share_config={}, basedir=base)
    reader.read()
    reader.getOptions()
    for jail in reader.jails:
        found = {"name": jail.getName(), **collect(jail.convert(allow_no_files=True))}
        options = {name: value for name, value in jail.options.items() if value is not None}
        for name in ("bantime", "findtime"):
            options[name] = MyTime.str2seconds(options[name])
        found["options"] = options
        print(json.dumps(found))


if __name__ == "__main__":
    logging.disable(logging.CRITICAL)
    DNSUtils.getHostname = lambda fqdn=True: "FQ-HOST" if fqdn else "SH-HOST"
    {"filters": filters, "actions": actions, "jails": jails}[sys.argv[2]](sys.argv[1])
