"""Hosts one action that is written in Python, for Palisade's runner.

Standard input is a socket: requests come in as JSON, one a line, and what came of each goes out in the same way, behind
what the action says meanwhile. When the other side closes it this process ends, whatever the action is doing.
"""
import collections.abc
import importlib.util
import json
import logging
import math
import os
import queue
import socket
import sys
import threading
import types

# What a failure may be to a client; others count as the nearest of these that they are kinds of.
KINDS = {
    'AttributeError', 'FileNotFoundError', 'IndexError', 'KeyError', 'LookupError', 'NameError', 'RuntimeError',
    'TypeError', 'ValueError',
}
REQUIRED = ('start', 'stop', 'ban', 'reban', 'unban')
INTEGERS = range(-2 ** 63, 2 ** 63)


def stand_in():
    """What actions import of Fail2Ban, where it is not installed."""

    class ActionBase:
        _prolongable = False

        def __init__(self, jail, name):
            self._jail = jail
            self._name = name
            self._logSys = logging.getLogger('fail2ban.' + type(self).__name__)

        def start(self):
            pass

        def stop(self):
            pass

        def ban(self, aInfo):
            pass

        def reban(self, aInfo):
            return self.ban(aInfo)

        def unban(self, aInfo):
            pass

    class CallingMap(collections.abc.MutableMapping):
        """A value that can be called is what the call gives; it is made once."""

        def __init__(self, *args, **values):
            self.data = dict(*args, **values)

        def __getitem__(self, key):
            if callable(self.data[key]):
                self.data[key] = self.data[key]()
            return self.data[key]

        def __setitem__(self, key, value):
            self.data[key] = value

        def __delitem__(self, key):
            del self.data[key]

        def __iter__(self):
            return iter(self.data)

        def __len__(self):
            return len(self.data)

        def __repr__(self):
            return '%s(%r)' % (type(self).__name__, dict(self))

        def copy(self):
            return type(self)(self.data)

    for name in ('fail2ban', 'fail2ban.server', 'fail2ban.server.action', 'fail2ban.server.actions'):
        module = sys.modules[name] = types.ModuleType(name)
        above, _, last = name.rpartition('.')
        if above:
            setattr(sys.modules[above], last, module)
        if last.startswith('action'):
            module.ActionBase, module.CallingMap = ActionBase, CallingMap
    return CallingMap, str


def environment():
    """The mapping that tells of a ban, and what addresses are in it: Fail2Ban's own, if it is installed."""
    try:
        import fail2ban.server.actions
        from fail2ban.server.ipdns import IPAddr
        return fail2ban.server.actions.CallingMap, IPAddr
    except Exception:
        return stand_in()


def encoded(value, depth=16):
    """A plain value as the runner reads it."""
    if depth == 0:
        raise ValueError('values in values, too deep')
    if value is None:
        return 'None'
    if isinstance(value, bool):
        return {'Bool': value}
    if isinstance(value, int) and value in INTEGERS:
        return {'Int': int(value)}
    if isinstance(value, float):
        return {'Float': value} if math.isfinite(value) else {'Str': repr(value)}
    if isinstance(value, str):
        return {'Str': str(value)}
    if isinstance(value, tuple):
        return {'Tuple': [encoded(one, depth - 1) for one in value]}
    if isinstance(value, (list, set, frozenset)):
        return {'List': [encoded(one, depth - 1) for one in value]}
    if isinstance(value, dict):
        return {'Dict': [[encoded(key, depth - 1), encoded(one, depth - 1)] for key, one in value.items()]}
    raise TypeError("cannot pickle '%s' object" % type(value).__name__)


def failure(error):
    """An exception as the runner reads it."""
    names = [kind.__name__ for kind in type(error).__mro__]
    kind = next((name for name in names if name in KINDS), 'Exception')
    try:
        arguments = [encoded(argument) for argument in error.args]
    except (TypeError, ValueError):
        arguments = [encoded(str(error))]
    return {'exception': {'kind': kind, 'arguments': arguments}, 'text': '%s: %s' % (names[0], error)}


def name_of(address):
    try:
        return socket.gethostbyaddr(address)[0]
    except OSError:
        return None


class Jail:
    """What an action may ask of its jail."""

    def __init__(self):
        self.name = self.bantime = None
        self.actions = self

    def __str__(self):
        return self.name

    def getBanTime(self):
        return self.bantime


class Host:
    """The requests; each is a method of its own."""

    def __init__(self):
        self.mapping, self.address = environment()
        self.jail = Jail()
        self.action = None

    def begin(self, file, jail, name, options):
        options = json.loads(options)
        self.jail.name = jail
        name_of_module = os.path.basename(file).removesuffix('.py')
        spec = importlib.util.spec_from_file_location(name_of_module, file)
        module = sys.modules[name_of_module] = importlib.util.module_from_spec(spec)
        spec.loader.exec_module(module)
        if not all(callable(getattr(module.Action, method, None)) for method in REQUIRED):
            what = '%s module %s does not implement required methods' % (file, module.Action.__name__)
            raise RuntimeError(what)
        self.action = module.Action(self.jail, name, **options)

    def start(self):
        self.action.start()

    def stop(self):
        self.action.stop()

    def flush(self):
        if hasattr(self.action, 'flush'):
            self.action.flush()

    def check(self):
        if hasattr(self.action, 'consistencyCheck'):
            self.action.consistencyCheck()

    def ban(self, ban):
        self.about('ban', ban)

    def unban(self, ban):
        self.about('unban', ban)

    def prolong(self, ban):
        if getattr(self.action, '_prolongable', False) and hasattr(self.action, 'prolong'):
            self.about('prolong', ban)

    def about(self, method, ban):
        if ban['restored'] and getattr(self.action, 'norestored', False):
            return
        host = ban['ip']
        for name in ('ip', 'fid'):
            ban[name] = self.address(host)
        ban['ip-host'] = lambda: name_of(host)
        getattr(self.action, method)(self.mapping(ban))

    def properties(self):
        return [name for name in dir(self.action) if name[0] != '_' and not callable(getattr(self.action, name))]

    def methods(self):
        return [name for name in dir(self.action) if name[0] != '_' and callable(getattr(self.action, name))]

    def get(self, name):
        return getattr(self.action, name)

    def set(self, name, value):
        """Calls a method, with arguments as JSON, or gives a property another value."""
        if callable(getattr(self.action, name, None)):
            return getattr(self.action, name)(**(json.loads(value) if value else {}))
        if value is None:
            raise IndexError('list index out of range')
        setattr(self.action, name, value)
        return getattr(self.action, name)


class Said:
    """What is printed, a line at a time."""

    def __init__(self, say):
        self.say, self.rest = say, ''

    def write(self, text):
        *lines, self.rest = (self.rest + text).split('\n')
        for line in lines:
            self.say(line)
        return len(text)

    def flush(self):
        pass


class Handler(logging.Handler):
    """What is logged."""

    def __init__(self, say):
        super().__init__(logging.INFO)
        self.say = say

    def emit(self, record):
        self.say(record.getMessage(), record.levelno >= logging.WARNING)


def main():
    # What the action starts has nothing to read, and no part in the conversation.
    runner = socket.socket(fileno=os.dup(0))
    nothing = os.open(os.devnull, os.O_RDWR)
    os.dup2(nothing, 0)
    lock = threading.Lock()

    def tell(word):
        with lock:
            runner.sendall(json.dumps(word).encode() + b'\n')

    def say(text, warning=False):
        tell({'say': {'text': text[:2000], 'warning': warning}})

    sys.stdout = sys.stderr = Said(say)
    logging.basicConfig(level=logging.INFO, handlers=[Handler(say)])
    requests = queue.Queue()

    def read():
        with runner.makefile(encoding='utf-8', newline='\n') as lines:
            for line in lines:
                requests.put(json.loads(line))
        os._exit(0)

    threading.Thread(target=read, daemon=True).start()
    host = Host()
    while True:
        request = requests.get()
        try:
            host.jail.bantime = request['bantime']
            value = getattr(host, request['call'])(**request['with'])
            tell({'value': encoded(value)})
        except BaseException as error:
            tell({'error': failure(error)})


main()
