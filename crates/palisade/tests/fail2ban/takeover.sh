# takeover.sh PALISADE: from the real Fail2Ban to Palisade, and back. Prints what each says.
set -e
palisade=$1
where="-c /mnt/conf -s /mnt/run/socket -p /mnt/run/pid"
import="$palisade import fail2ban --config /mnt/conf"

fail2ban-client $where start >/dev/null 2>&1
fail2ban-client $where set sshd banip 192.0.2.1 2001:db8::1 >/dev/null
fail2ban-client $where set two banip 203.0.113.0/24 >/dev/null
fail2ban-client $where set two bantime -1 >/dev/null
fail2ban-client $where set two banip 192.0.2.2 >/dev/null
fail2ban-client $where set two banip a-name >/dev/null
fail2ban-client $where stop >/dev/null
echo "== dry run"
$import
echo "== apply"
$import --apply | tail -1
$import --apply | tail -1
echo "== palisade"
$palisade fail2ban-client $where start
$palisade fail2ban-client $where banned
$palisade fail2ban-client $where set sshd unbanip 192.0.2.1
$palisade fail2ban-client $where set sshd banip 192.0.2.9
$import --apply || echo "refused, $?"
$palisade fail2ban-client $where stop
echo "== back"
$import --hand-back
fail2ban-client $where start >/dev/null 2>&1
sleep 1
fail2ban-client $where banned
fail2ban-client $where stop >/dev/null
