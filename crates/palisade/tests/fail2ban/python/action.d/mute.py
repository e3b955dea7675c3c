class Mute:
    """An action need not be a kind of Fail2Ban's."""

    def __init__(self, jail, name, alpha):
        with open('/mnt/told', 'a') as file:
            file.write('%s %s %s\n' % (jail.name, name, alpha))

    def start(self):
        pass

    stop = start

    def ban(self, aInfo):
        pass

    reban = unban = ban


Action = Mute
