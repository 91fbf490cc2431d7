#!/usr/bin/env bash
# pycurl 7.45.7 (PyPI; its wheel brings libcurl 8.16.0-DEV): a POST over a connection that was used before, to a server
# that reads it and ends the connection without a byte of an answer.
#
# Guess: the transfer fails (52, got nothing), as it does on a new connection; a POST is not for a client to repeat.
# Seen: libcurl takes the end for a sign that the connection was dead before, and sends the whole POST again over a new
# one. The server has read it twice, the caller sees one good answer and no error. With a new connection each time
# (FRESH_CONNECT) it fails as guessed. A hook that pays, a write of a record: whoever keeps connections open with
# libcurl delivers them twice now and then.
set -euo pipefail
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
python3 -m venv "$work/venv"
"$work/venv/bin/pip" install --quiet --disable-pip-version-check pycurl==7.45.7
"$work/venv/bin/python" - <<'PY'
import io
import socket
import threading

import pycurl

received = []


def read_request(connection):
    data = b''
    while b'\r\n\r\n' not in data:
        more = connection.recv(65536)
        if not more:
            return None
        data += more
    head, _, body = data.partition(b'\r\n\r\n')
    length = next((int(line.split(b':')[1]) for line in head.split(b'\r\n')
                   if line.lower().startswith(b'content-length:')), 0)
    while len(body) < length:
        body += connection.recv(65536)
    return body


def answer(connection):
    """Answers everything, but the first time it reads 'pay' it ends the connection instead."""
    with connection:
        while (body := read_request(connection)) is not None:
            received.append(body.decode())
            if body == b'pay' and received.count('pay') == 1:
                return
            connection.sendall(b'HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n')


def serve(listener):
    for _ in range(3):
        threading.Thread(target=answer, args=(listener.accept()[0],), daemon=True).start()


def post(curl, text):
    curl.setopt(pycurl.POSTFIELDS, text)
    curl.setopt(pycurl.WRITEDATA, io.BytesIO())
    try:
        curl.perform()
        return curl.getinfo(pycurl.RESPONSE_CODE)
    except pycurl.error as error:
        return f'error {error.args[0]}'


def case(fresh):
    received.clear()
    with socket.create_server(('127.0.0.1', 0)) as listener:
        threading.Thread(target=serve, args=(listener,), daemon=True).start()
        curl = pycurl.Curl()
        curl.setopt(pycurl.URL, f'http://127.0.0.1:{listener.getsockname()[1]}/')
        curl.setopt(pycurl.TIMEOUT, 20)
        first = post(curl, 'hello')
        curl.setopt(pycurl.FRESH_CONNECT, fresh)
        second = post(curl, 'pay')
        curl.close()
    return first, second, received.count('pay')


print(pycurl.version.split()[1])
used, fresh = case(False), case(True)
print('used connection: answers', used[:2], 'the server read the POST', used[2], 'times')
print('fresh connection: answers', fresh[:2], 'the server read the POST', fresh[2], 'times')
assert used == (200, 200, 2) and fresh == (200, 'error 52', 1), 'it behaves otherwise now'
PY
