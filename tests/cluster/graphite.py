"""A real Graphite of Debian's packages: carbon, which takes points and keeps them, and the web application with its
render API, under the server of Python's library."""
import socket
import time

from processes import free_port
from waiting import http_ok, wait_for

PYTHON = '/usr/bin/python3'  # the one that the packages are for

CARBON = """[cache]
STORAGE_DIR = {folder}
CONF_DIR = {folder}
PID_DIR = {folder}
LOG_DIR = {folder}
LOCAL_DATA_DIR = {folder}/whisper
LINE_RECEIVER_INTERFACE = 127.0.0.1
LINE_RECEIVER_PORT = {points}
PICKLE_RECEIVER_INTERFACE = 127.0.0.1
PICKLE_RECEIVER_PORT = {pickles}
CACHE_QUERY_INTERFACE = 127.0.0.1
CACHE_QUERY_PORT = {cache}
"""
SCHEMAS = """[all]
pattern = .*
retentions = 1s:1h
"""
SETTINGS = """SECRET_KEY = 'of a test'
ALLOWED_HOSTS = ['127.0.0.1']
STORAGE_DIR = LOG_DIR = '{folder}'
WHISPER_DIR = '{folder}/whisper/'
CARBONLINK_HOSTS = ['127.0.0.1:{cache}']
DATABASES = {{'default': {{'NAME': '{folder}/graphite.db', 'ENGINE': 'django.db.backends.sqlite3'}}}}
"""
SERVE = """
import os, wsgiref.simple_server
from graphite.wsgi import application
wsgiref.simple_server.make_server('127.0.0.1', int(os.environ['PORT']), application).serve_forever()
"""


class Graphite:
    """Starts it among `processes`, and is ready when it is made."""

    def __init__(self, processes, name='graphite'):
        folder = processes.folder / name
        (folder / 'whisper').mkdir(parents=True)
        web, self._points = free_port(), free_port()
        cache = free_port()
        ports = {'folder': folder, 'points': self._points, 'pickles': free_port(), 'cache': cache}
        for name, text in (('carbon.conf', CARBON), ('storage-schemas.conf', SCHEMAS), ('lab_settings.py', SETTINGS)):
            (folder / name).write_text(text.format(**ports))
        self.url = f'http://127.0.0.1:{web}'
        processes.start(f'{name}-carbon', ['carbon-cache', f'--config={folder}/carbon.conf', '--nodaemon', 'start'])
        processes.start(name, [PYTHON, '-c', SERVE], env={
            'PYTHONPATH': folder, 'GRAPHITE_SETTINGS_MODULE': 'lab_settings', 'PORT': str(web)})
        wait_for(lambda: self._takes_points(), 60, 'carbon takes points')
        wait_for(lambda: http_ok(f'{self.url}/render?target=none&format=json'), 60, 'Graphite answers')

    def _takes_points(self):
        try:
            self.send('lab.ready', 1)
            return True
        except OSError:
            return False

    def send(self, path, *values):
        """Values of one series, a second each, of which the last one is now."""
        now = int(time.time())
        lines = [f'{path} {value} {now - len(values) + 1 + i}\n' for i, value in enumerate(values)]
        with socket.create_connection(('127.0.0.1', self._points), timeout=5) as connection:
            connection.sendall(''.join(lines).encode())
