# world.sh TREE DRIVER...: a host with this configuration, apart from all others, and in it the driver.
set -e
ip link set lo up
mount -t tmpfs world /mnt
mount -t tmpfs lib /var/lib
mkdir /mnt/run /var/lib/palisade
cp -a /etc/fail2ban /mnt/conf
rm -rf /mnt/conf/jail.d/* /mnt/conf/*.local
cp -r "$1"/* /mnt/conf/
touch /mnt/auth.log /mnt/other.log /mnt/own.log /mnt/third.log /mnt/names.log /mnt/six.log /mnt/lines.log
[ ! -e "$1/hosts" ] || mount --bind "$1/hosts" /etc/hosts
if [ -e "$1/journald" ]; then
    for folder in /run/systemd /run/log /var/log; do mount -t tmpfs journal $folder; done
    mkdir -p /run/systemd/journal /run/log/journal/"$(cat /etc/machine-id)"
    /lib/systemd/systemd-journald 2>/dev/null &
    until [ -S /run/systemd/journal/socket ]; do sleep 0.05; done
fi
if [ -e "$1/mailbox" ]; then
    /usr/bin/python3 "$(dirname "$0")/mailbox.py" /mnt/mails &
    until [ -e /mnt/mails ]; do sleep 0.05; done
fi
shift
"$@"
