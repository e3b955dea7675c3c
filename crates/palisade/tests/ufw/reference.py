"""The installed ufw: a list of words a line in, what it says out.

`null` puts its files back as they were; `true` and `false` write into them whether it is enabled, without doing it.
"""
import functools
import io
import json
import runpy
import sys

sys.dont_write_bytecode = True
UFW = "/usr/sbin/ufw"
CONF = "/etc/ufw/ufw.conf"
FILES = ["/etc/ufw/user.rules", "/etc/ufw/user6.rules", "/etc/default/ufw", CONF]

replies = sys.stdout
out, err = (io.TextIOWrapper(io.BytesIO(), "utf-8", write_through=True) for _ in range(2))
# Its modules take hold of these once, when they are first loaded.
sys.stdout, sys.stderr = out, err

import ufw.util  # noqa: E402

# It asks the kernel what it can with each command, and each time gets the same answer.
ufw.util.get_netfilter_capabilities = functools.cache(ufw.util.get_netfilter_capabilities)


def taken(stream):
    text = stream.buffer.getvalue().decode()
    stream.buffer.seek(0)
    stream.buffer.truncate()
    return text


def run(words):
    sys.argv, sys.stdin = [UFW, *words], io.StringIO("y\n")
    try:
        runpy.run_path(UFW, run_name="__main__")
        status = 0
    except SystemExit as end:
        status = end.code or 0
    except Exception:
        # It crashes on a few; a user sees a traceback and 1.
        status = 1
    return {"status": status, "out": taken(out), "err": taken(err)}


def switch(enabled):
    with open(CONF) as conf:
        lines = [line for line in conf if not line.startswith("ENABLED=")]
    with open(CONF, "w") as conf:
        conf.writelines([*lines, f"ENABLED={'yes' if enabled else 'no'}\n"])


start = run(["--force", "enable"])
clean = {path: open(path).read() for path in FILES}
print(json.dumps(start), file=replies, flush=True)
for line in sys.__stdin__:
    words = json.loads(line)
    if words is None:
        for path, text in clean.items():
            open(path, "w").write(text)
    elif isinstance(words, bool):
        switch(words)
    reply = run(words) if isinstance(words, list) else start
    print(json.dumps(reply), file=replies, flush=True)
