//! What can be asked for, in a page.

use super::super::{Name, VERSION};

/// The first lines of everything that is shown at length.
pub(super) fn heading() -> String {
    format!(
        "Palisade {}, in the place of Fail2Ban v{VERSION}: reads logs and bans attackers.\n",
        env!("CARGO_PKG_VERSION")
    )
}

/// Options and commands.
pub(super) fn usage(name: Name) -> String {
    let heading = heading();
    match name {
        Name::Client | Name::Regex => {
            format!("Usage: fail2ban-client [OPTIONS] <COMMAND>\n\n{heading}\n{OPTIONS}\n{COMMANDS}")
        }
        Name::Server => format!("Usage: fail2ban-server [OPTIONS]\n\n{heading}\n{OPTIONS}"),
    }
}

const OPTIONS: &str = "Options:
    -c, --conf <DIR>        where the configuration is (/etc/fail2ban)
    -s, --socket <FILE>     the server's socket, in place of the configured one
    -p, --pidfile <FILE>    the file with the server's process number
    --loglevel <LEVEL>      what the server logs
    --logtarget <TARGET>    where the server logs to: a file, STDOUT or STDERR
    -t, --test              check the configuration, and nothing else
    -i                      take commands one after the other
    -x                      start though there is a socket already
    -b, -f                  start the server in the background (as usual) or here
    --timeout <TIME>        how long to wait for the server to start
    --str2sec <TIME>        print a time in seconds: 1d12h is 129600
    -h, --help              this page
    -V, --version           the version, alone or in words
";

const COMMANDS: &str = "Commands:
    start, stop, restart                    the server
    reload, reload <JAIL>                   take up the configuration anew
    restart [--unban] [--if-exists] <JAIL>  the same, where --unban lifts the jail's bans
    status, status <JAIL>                   what is watched and who is banned
    ping, version, echo <TEXT>              whether the server is there
    banned [<IP>...]                        who is banned in which jail
    unban --all, unban <IP>...              lift bans in all jails
    get|set loglevel, logtarget, dbpurgeage what the server logs, and keeps
    get syslogsocket, dbfile, dbmaxmatches
    flushlogs                               open the log's file anew
    add <JAIL> [<BACKEND>]                  a jail that is not configured
    start <JAIL>, stop <JAIL>               let it watch; take it away

    get <JAIL> banned [<IP>...] | banip [<SEPARATOR>|--with-time] | actions
    set <JAIL> banip <IP>... | unbanip [--report-absent] <IP>... | attempt <IP> [<LINE>...]
    get|set <JAIL> findtime | bantime | maxretry | maxlines | usedns | datepattern | logencoding
    get|set <JAIL> ignoreself | bantime.increment, .factor, .formula, .multipliers, .maxtime, .rndtime
    get <JAIL> logpath | journalmatch | ignoreip | failregex | ignoreregex | prefregex
    set <JAIL> addlogpath <FILE> [tail] | dellogpath <FILE> | addjournalmatch <MATCH> | deljournalmatch
    set <JAIL> addignoreip <IP>... | delignoreip <IP>...
    set <JAIL> addfailregex <REGEX> | delfailregex <NUMBER> | addignoreregex <REGEX> | delignoreregex <NUMBER>
    set <JAIL> idle on|off
";
