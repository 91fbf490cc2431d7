#!/usr/bin/env bash
# What reaches a server from hey v0.1.4, the load generator of Flagger's documents, over TLS.
#
# Guess: the TLS server name is the URL's host; a header of -H is sent, User-Agent, too; -n 3 with two workers makes
# three requests; words behind the URL are refused, or flags as they are before it.
# Seen: without -host the server name has the port in it (localhost:PORT, where TLS wants a host name alone), so a
# gateway that routes by it finds no such host; with -host it has none. User-Agent and Host of -H are lost, and words
# behind the URL, -c 2 say, are ignored without a word; -n 3 -c 2 makes two requests. A load that is moved from hey to
# another tool asks for something else than its command line says.
set -euo pipefail
work=$(mktemp -d)
server=
trap '[ -z "$server" ] || kill "$server"; rm -rf "$work"' EXIT
cd "$work"
GOBIN=$work go install github.com/rakyll/hey@v0.1.4
openssl req -x509 -newkey rsa:2048 -nodes -keyout key.pem -out cert.pem -days 1 -subj /CN=localhost 2> /dev/null
cat > server.py <<'PY'
import http.server
import os
import ssl

name = None


class Handler(http.server.BaseHTTPRequestHandler):
    def do_GET(self):
        port = f':{self.server.server_port}'
        told = (self.path, name, self.headers['Host'], self.headers['User-Agent'])
        print(*(text.replace(port, ':PORT') for text in told), flush=True)
        self.send_response(204)
        self.end_headers()

    def log_message(self, *_):
        pass


def on_name(_socket, said, _context):
    global name
    name = said


context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
context.load_cert_chain('cert.pem', 'key.pem')
context.sni_callback = on_name
server = http.server.HTTPServer(('127.0.0.1', 0), Handler)
server.socket = context.wrap_socket(server.socket, server_side=True)
with open('port.new', 'w', encoding='ascii') as file:
    file.write(str(server.server_port))
os.rename('port.new', 'port')
server.serve_forever()
PY
mkfifo lines
python3 server.py > seen & server=$!
for _ in $(seq 600); do
  [ ! -e port ] || break
  read -r -t 0.1 _ <> lines || true # until the server listens
done
url=https://localhost:$(cat port)
ask() { ./hey "$@" > /dev/null; }
ask -n 1 -c 1 "$url/plain"
ask -n 1 -c 1 -host shop.example "$url/host"
ask -n 1 -c 1 -H 'Host: shop.example' -H 'User-Agent: mine' "$url/headers"
ask -n 1 -c 1 "$url/words" -n 5 -c 2
ask -n 3 -c 2 "$url/three"
cat seen
diff - seen <<'WANTED' || { echo 'it behaves otherwise now' >&2; exit 1; }
/plain localhost:PORT localhost:PORT hey/0.0.1
/host shop.example shop.example hey/0.0.1
/headers localhost:PORT localhost:PORT hey/0.0.1
/words localhost:PORT localhost:PORT hey/0.0.1
/three localhost:PORT localhost:PORT hey/0.0.1
/three localhost:PORT localhost:PORT hey/0.0.1
WANTED
