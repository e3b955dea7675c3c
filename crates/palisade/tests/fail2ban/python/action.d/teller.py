from fail2ban.server.actions import ActionBase


class Teller(ActionBase):
    """Leaves a line of everything that it is told."""

    def __init__(self, jail, name, alpha=None, beta='b', **more):
        super().__init__(jail, name)
        self.alpha, self.beta, self.more = alpha, beta, more
        self.tell('init', jail.name, name, alpha, beta, more)

    def tell(self, *what):
        with open('/mnt/told', 'a') as file:
            file.write('%s %r\n' % (self._name, what))

    def start(self):
        print('on standard output')
        self.tell('start', self._jail.actions.getBanTime())

    def stop(self):
        self.tell('stop')

    def ban(self, aInfo):
        # How much is found and banned by now is a matter of time.
        known = [(key, str(aInfo[key])) for key in sorted(aInfo) if key.split('.')[0] not in ('F-*', 'raw-ticket', 'jail')]
        fields = sorted((key, str(value)) for key, value in aInfo['F-*'].items() if key != 'matches')
        self.tell('ban', known, fields, aInfo.get('F-USER'))
        if 'boom' in aInfo['matches']:
            raise ValueError('boom came')

    def unban(self, aInfo):
        self.tell('unban', str(aInfo['ip']), aInfo['restored'])

    def flush(self):
        self.tell('flush')

    def say(self, a='x', b=1):
        return {'a': a, 'b': [b, None, True, 1.5], 'c': (1, 'two')}

    def nothing(self):
        pass

    def raises(self):
        raise KeyError('a key')


Action = Teller
