#!/bin/bash
# side.sh SIDE FOLDER BINARY: one side of the comparison, `fail2ban` or `palisade`, in namespaces of its own.
#
# Every program that an action may call is a stub that records its arguments and its standard input, and so is the shell
# that commands go through. FOLDER holds `config`, `log` (what attackers wrote, by phase), `stubs`; it gets `records`.
set -eu
side=$1 folder=$2 binary=$3
mount --make-rprivate /
mount -t overlay -o "lowerdir=$folder/stubs:/usr/sbin" overlay /usr/sbin
mount -t overlay -o "lowerdir=$folder/stubs:/usr/bin" overlay /usr/bin
# What actions write to is of this side alone.
cp -a /etc "$folder/etc"
mount --bind "$folder/etc" /etc
mount -t tmpfs run /run
mkdir /run/fail2ban
ip() { "$folder/ip" "$@"; }
ip link set lo up
export PATH=/usr/sbin:/usr/bin LC_ALL=C RECORDS=$folder/records
cd /
: >"$folder/my.log"
phase() { echo "$1" >"$RECORDS/phase"; }
# Something has come of the phase, and then nothing more for a while: it is over.
settle() {
    local before=-1 now same=0
    while [ $same -lt "$1" ]; do
        sleep 0.25
        now=$(find "$RECORDS" -name "$(cat "$RECORDS/phase").*" | wc -l)
        [ "$now" != 0 ] || continue
        if [ "$now" = "$before" ]; then same=$((same + 1)); else same=0; fi
        before=$now
    done
}
fail2ban() { fail2ban-client -s "$folder/socket" "$@" >/dev/null; }
palisade() { "$binary" --state "$folder/state" "$@" >/dev/null; }
phase start
case $side in
fail2ban)
    fail2ban-server -f -c "$folder/config" -s "$folder/socket" -p "$folder/pid" --logtarget "$folder/daemon.log" \
        -x start >"$folder/out" 2>&1 &
    up() { fail2ban ping 2>/dev/null; }
    unban() { fail2ban unban "$@"; }
    stop() { fail2ban stop; }
    patience=8
    ;;
palisade)
    "$binary" --state "$folder/state" --config "$folder/config" run --log "$folder/daemon.log" >"$folder/out" 2>&1 &
    daemon=$!
    up() { palisade status 2>/dev/null; }
    unban() { palisade unban "$@"; }
    stop() { kill -TERM $daemon; }
    patience=4
    ;;
esac
until up; do sleep 0.1; done
settle $patience
for log in "$folder"/log/*; do
    phase "$(basename "$log")"
    cat "$log" >>"$folder/my.log"
    settle $patience
done
phase unban
unban 192.0.2.1
settle $patience
phase again
cat "$folder"/log/ban4 >>"$folder/my.log"
settle $patience
phase unban-all
unban --all
settle $patience
phase stop
stop
wait
# The traps that the log set.
! ls /run/f2b-trap 2>/dev/null
