"""mailbox.py FILE: takes mail on port 25 of this host, and leaves each as a line of JSON without what differs in every run."""
import email
import json
import socketserver
import sys


class Session(socketserver.StreamRequestHandler):
    def say(self, text):
        self.wfile.write(text.encode() + b'\r\n')

    def handle(self):
        self.say('220 mailbox')
        envelope = []
        while line := self.rfile.readline():
            word = line.split()[0].upper().decode()
            if word in ('MAIL', 'RCPT'):
                envelope.append(line.decode().strip())
            if word == 'DATA':
                self.say('354 go on')
                self.keep(envelope, b''.join(iter(self.rfile.readline, b'.\r\n')))
            self.say('221 bye' if word == 'QUIT' else '250 fine')
            if word == 'QUIT':
                return

    def keep(self, envelope, mail):
        message = email.message_from_bytes(mail)
        del message['Date']
        with open(sys.argv[1], 'a') as file:
            file.write(json.dumps([sorted(envelope), sorted(message.items()), message.get_payload(decode=True).decode()]) + '\n')


class Server(socketserver.ThreadingTCPServer):
    allow_reuse_address = daemon_threads = True


server = Server(('127.0.0.1', 25), Session)
open(sys.argv[1], 'a').close()
server.serve_forever()
