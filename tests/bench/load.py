#!/usr/bin/env python3
"""The load tester beside hey: each plays the same command line at the same time against one nginx on loopback.

    load.py [SLUICE] [SECONDS]      build/sluice and 30 s a load unless told

Requests are counted by nginx. hey is built once, into ~/.cache/sluice (Go). Its CPU is that of its whole process, ours
what the server takes between the hook and the end of the load.
"""
import json
import os
import pathlib
import shutil
import socket
import subprocess
import sys
import tempfile
import time
import urllib.request

sys.path.append(str(pathlib.Path(__file__).resolve().parents[1] / 'cluster'))
from processes import free_port  # noqa: E402

ROOT = pathlib.Path(__file__).resolve().parents[2]
HEY = 'github.com/rakyll/hey@v0.1.4'
LOADS = ('-q 10 -c 2', '-q 10 -c 2 -m POST -d {test:2}', '-q 10 -c 20', '-q 50 -c 10', '-q 100 -c 10', '-q 20 -c 50',
         '-q 10 -c 10 -disable-keepalive')
NGINX = '''
worker_processes 1;
daemon off;
pid {folder}/pid;
error_log {folder}/error.log;
events {{ worker_connections 1024; }}
http {{
  access_log off;
  client_body_temp_path {folder}/body; proxy_temp_path {folder}/proxy; fastcgi_temp_path {folder}/fastcgi;
  uwsgi_temp_path {folder}/uwsgi; scgi_temp_path {folder}/scgi;
  keepalive_requests 1000000;
  server {{
    listen 127.0.0.1:{port};
    location / {{ access_log {folder}/access.log; return 200 "ok\\n"; }}
  }}
}}
'''


def await_port(port):
    while True:
        try:
            socket.create_connection(('127.0.0.1', port)).close()
            return
        except ConnectionRefusedError:
            time.sleep(0.01)


def hey():
    folder = pathlib.Path.home() / '.cache/sluice' / HEY.rsplit('/', 1)[1].replace('@', '-')
    if not (folder / 'hey').exists():
        subprocess.run(['go', 'install', HEY], check=True, env={**os.environ, 'GOBIN': str(folder)})
    return folder / 'hey'


def cpu_s(pid):
    fields = pathlib.Path(f'/proc/{pid}/stat').read_text().rpartition(')')[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf('SC_CLK_TCK')


class Bench:
    def __init__(self, folder, sluice, seconds):
        self.folder, self.seconds = folder, seconds
        self.port, self.tester = free_port(), free_port()
        config = folder / 'nginx.conf'
        config.write_text(NGINX.format(folder=folder, port=self.port))
        self.nginx = subprocess.Popen([shutil.which('nginx') or '/usr/sbin/nginx', '-c', config, '-p', folder],
                                      stderr=subprocess.DEVNULL)
        self.log = open(folder / 'sluice.log', 'w+', encoding='utf-8')
        self.sluice = subprocess.Popen([sluice, 'load', f'-port={self.tester}'], stderr=self.log)
        await_port(self.port)
        await_port(self.tester)

    def served(self):
        """Requests of ours and of hey, when nginx has written down the last of them."""
        seen = None
        while seen != (text := (self.folder / 'access.log').read_text()):
            seen = text
            time.sleep(0.5)
        return seen.count(' /sluice '), seen.count(' /hey ')

    def order(self, flags):
        """Plays it and returns when it is over: of type bash."""
        command = f'hey -z {self.seconds}s {flags} http://127.0.0.1:{self.port}/sluice'
        body = {'name': 'bench', 'namespace': 'bench', 'metadata': {'type': 'bash', 'cmd': command}}
        with urllib.request.urlopen(f'http://127.0.0.1:{self.tester}/', json.dumps(body).encode(),
                                    timeout=self.seconds + 30) as answer:
            assert answer.status == 200

    def measure(self, flags):
        (self.folder / 'access.log').write_text('')
        before = cpu_s(self.sluice.pid)
        words = [hey(), '-z', f'{self.seconds}s', *flags.split(), f'http://127.0.0.1:{self.port}/hey']
        theirs = subprocess.Popen(words, stdout=subprocess.DEVNULL)
        self.order(flags)
        ours_s = cpu_s(self.sluice.pid) - before
        _, _, usage = os.wait4(theirs.pid, 0)
        theirs.returncode = 0
        return *self.served(), ours_s, usage.ru_utime + usage.ru_stime

    def close(self):
        for each in (self.sluice, self.nginx):
            each.terminate()
            each.wait()


def main():
    sluice = sys.argv[1] if len(sys.argv) > 1 else ROOT / 'build/sluice'
    seconds = int(sys.argv[2]) if len(sys.argv) > 2 else 30
    hey()
    with tempfile.TemporaryDirectory() as folder:
        os.chmod(folder, 0o755)
        bench = Bench(pathlib.Path(folder), sluice, seconds)
        try:
            print(f'{"load of " + str(seconds) + " s":36} requests   hey  rate   CPU s    hey  CPU')
            for flags in LOADS:
                ours, theirs, ours_s, theirs_s = bench.measure(flags)
                print(f'{flags:36} {ours:8} {theirs:5} {ours / theirs:6.1%} {ours_s:6.2f} {theirs_s:6.2f} '
                      f'{ours_s / theirs_s:4.2f}', flush=True)
        finally:
            bench.close()


if __name__ == '__main__':
    main()
