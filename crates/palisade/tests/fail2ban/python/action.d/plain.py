from fail2ban.server.actions import ActionBase


class Plain(ActionBase):
    """It can do no more than it must."""

    norestored = 0

    def ban(self, aInfo):
        with open('/mnt/plain', 'a') as file:
            file.write('ban %s\n' % aInfo['ip'])

    def unban(self, aInfo):
        with open('/mnt/plain', 'a') as file:
            file.write('unban %s\n' % aInfo['ip'])


Action = Plain
