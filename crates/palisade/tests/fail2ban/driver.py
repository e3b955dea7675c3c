"""Runs commands one after the other, through the real client or another one, and writes what each printed as JSON lines.

driver.py COMMANDS SERVER CLIENT    where `real` is the installed Fail2Ban, and anything else a palisade binary
driver.py COMMANDS alone:SERVER CLIENT     the same where no Fail2Ban is installed
driver.py COMMANDS regex -          the installed fail2ban-regex
"""
import itertools
import json
import os
import shlex
import socket
import subprocess
import sys
import tempfile
import time

WHERE = ['-c', '/mnt/conf', '-s', '/mnt/run/socket', '-p', '/mnt/run/pid']
PATIENCE = 60
PIDS = itertools.count(4711)


def forked(program, words):
    """A program of Fail2Ban's, without the time that its start takes: its modules are loaded once."""
    with tempfile.TemporaryFile() as out, tempfile.TemporaryFile() as err:
        child = os.fork()
        if child == 0:
            os.dup2(out.fileno(), 1)
            os.dup2(err.fileno(), 2)
            sys.stdout, sys.stderr = os.fdopen(1, 'w', 1), os.fdopen(2, 'w', 1)
            code = 0
            try:
                program(words)
            except SystemExit as end:
                code = end.code or 0
            os._exit(code)
        _, status = os.waitpid(child, 0)
        text = lambda file: (file.seek(0), file.read().decode())[1]
        return os.waitstatus_to_exitcode(status), text(out), text(err)


def real(words):
    from fail2ban.client.fail2banclient import exec_command_line
    return forked(exec_command_line, ['fail2ban-client', *WHERE, *words])


def regex(words):
    from fail2ban.client import fail2banregex
    sys.argv = ['fail2ban-regex', *words]
    return forked(lambda words: fail2banregex.exec_command_line(), words)


def other(binary):
    def run(words):
        done = subprocess.run([binary, 'fail2ban-client', *WHERE, *words], capture_output=True, text=True)
        return done.returncode, done.stdout, done.stderr
    return run


def until(client, command, text):
    """Waits until a command's output holds a text."""
    end = time.monotonic() + PATIENCE
    words = shlex.split(command)
    while True:
        code, out, err = lines(words[1]) if words[0] == '@lines' else client(words)
        if text in out or time.monotonic() > end:
            return code, out, err
        time.sleep(0.05)


def wait(path, text):
    """Waits until a file holds a text; what else is there by then is a matter of chance."""
    end = time.monotonic() + PATIENCE
    while text not in lines(path)[1] and time.monotonic() < end:
        time.sleep(0.05)
    return 0, '', ''


def failures(path, address, count):
    """What sshd logs about a failed login, so often."""
    with open(path, 'a') as log:
        for _ in range(int(count)):
            stamp = time.strftime('%Y-%m-%dT%H:%M:%S')
            log.write(f'{stamp} host sshd[4711]: Failed password for root from {address} port 50022 ssh2\n')
    return 0, '', ''


class Log:
    """What attackers write, with the same times on every side."""

    def __init__(self, begin):
        self.begin = begin
        self.stamp = ''

    def at(self, seconds):
        """Waits until so long after the beginning; what follows is logged as of then."""
        moment = self.begin + float(seconds)
        time.sleep(max(0.0, moment - time.time()))
        self.stamp = time.strftime('%Y-%m-%d %H:%M:%S', time.localtime(moment))
        return 0, '', ''

    def write(self, path, text, count=1):
        with open(path, 'a') as log:
            log.write(f'{self.stamp} {text}\n' * int(count))
        return 0, '', ''


def lines(path):
    return 0, open(path).read() if os.path.exists(path) else '', ''


def journal(door, message, count=1):
    """What sshd says to the journal, so often, and a field that tells whose entries these are."""
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as log:
        log.connect('/run/systemd/journal/socket')
        for _ in range(int(count)):
            # Each login is a process of its own.
            pid = next(PIDS)
            log.send(f'SYSLOG_IDENTIFIER=sshd\nSYSLOG_PID={pid}\nDOOR={door}\nMESSAGE={message}\n'.encode())
    return 0, '', ''


def exporter(*words):
    """What Fail2Ban's own library for its socket gets, as exporters use it."""
    from fail2ban.client.csocket import CSocket
    talk = CSocket(WHERE[3])
    try:
        return 0, repr(talk.send(list(words))), ''
    finally:
        talk.close()


def sorted_lines(path):
    return 0, ''.join(sorted(lines(path)[1].splitlines(True))), ''


def main():
    commands, server, client = sys.argv[1:]
    sys.path.insert(0, '/usr/lib/python3/dist-packages')
    if server == 'regex':
        for line in open(commands):
            if not line.startswith('#'):
                print(json.dumps(dict(zip(('code', 'out', 'err'), regex(shlex.split(line))))), flush=True)
        return
    if server.startswith('alone:'):
        server = server.removeprefix('alone:')
        subprocess.run(['mount', '-t', 'tmpfs', 'nothing', '/usr/lib/python3/dist-packages/fail2ban'], check=True)
    start = ['fail2ban-client'] if server == 'real' else [server, 'fail2ban-client']
    started = subprocess.run([*start, *WHERE, 'start'], capture_output=True, text=True)
    if started.returncode != 0:
        sys.exit(f'{server} does not start: {started.stdout}{started.stderr}')
    run = real if client == 'real' else other(client)
    # What is logged has the same times on all hosts.
    print('ready', flush=True)
    log = Log(float(sys.stdin.readline()))
    for line in open(commands):
        if line.startswith('#') or not line.strip():
            continue
        words = shlex.split(line.strip().lstrip('~ '))
        if words[0] == '@fail':
            result = failures(*words[1:])
        elif words[0] == '@at':
            result = log.at(*words[1:])
        elif words[0] == '@log':
            result = log.write(*words[1:])
        elif words[0] == '@exporter':
            result = exporter(*words[1:])
        elif words[0] == '@journal':
            result = journal(*words[1:])
        elif words[0] == '@sorted':
            result = sorted_lines(*words[1:])
        elif words[0] == '@ssh':
            os.environ['SSH_CONNECTION'] = f'{words[1]} 50022 192.0.2.1 22'
            result = run(words[2:])
            del os.environ['SSH_CONNECTION']
        elif words[0] == '@wait':
            result = wait(*words[1:])
        elif words[0] == '@until':
            result = until(run, *words[1:])
        else:
            result = run(words)
        print(json.dumps(dict(zip(('code', 'out', 'err'), result))), flush=True)


main()
