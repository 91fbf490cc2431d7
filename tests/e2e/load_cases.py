"""What the load tester of Flagger 1.44 answers, and what ours answers where that differs.

`load.py SLUICE --real LOADTESTER` asks the real one again (go install, of github.com/fluxcd/flagger/cmd/loadtester).
"""
import json

CLOSED = 'the connection is closed without an answer'


def payload(name='podinfo', namespace='test', **more):
    return json.dumps({'name': name, 'namespace': namespace, 'phase': 'Progressing', 'checksum': '1', **more})


def order(**metadata):
    return payload(metadata=metadata)


PODINFO = payload()
LOAD = 'hey -n 1 -c 1 http://127.0.0.1:1/'

# (path, body, its answer[, ours]), in the order in which they are asked; -namespace-regexp is ^test$.
CASES = [
    ('/healthz', '', (200, 'OK')),
    ('/gate/approve', '', (200, 'OK')),
    ('/gate/approve', 'nothing', (200, 'OK')),
    ('/gate/halt', '', (403, 'Forbidden')),
    ('/gate/check', PODINFO, (403, 'Forbidden')),
    ('/gate/open', PODINFO, (202, '')),
    ('/gate/open', PODINFO, (202, '')),
    ('/gate/check', PODINFO, (200, 'Approved')),
    ('/gate/check', payload(name='other'), (403, 'Forbidden')),
    ('/rollback/check', PODINFO, (403, 'Forbidden')),
    ('/gate/close', PODINFO, (202, '')),
    ('/gate/check', PODINFO, (403, 'Forbidden')),
    ('/rollback/open', PODINFO, (202, '')),
    ('/rollback/check', PODINFO, (200, 'Approved')),
    ('/gate/check', PODINFO, (403, 'Forbidden')),
    ('/rollback/close', PODINFO, (202, '')),
    ('/rollback/check', PODINFO, (403, 'Forbidden')),
    ('/gate/open', payload(name='a/../b'), (202, '')),
    ('/gate/check', payload(name='a/../b'), (200, 'Approved')),
    # what Go's decoder reads
    ('/gate/open', '{"NAME": "up", "nameSpace": "test", "other": [1]}', (202, '')),
    ('/gate/check', payload(name='up'), (200, 'Approved')),
    ('/gate/check', 'null', (403, 'Forbidden'), (403, 'namespace "": not one that -namespace-regexp serves')),
    ('/gate/check', '{"name": null, "namespace": null, "metadata": null}', (403, 'Forbidden'),
     (403, 'namespace "": not one that -namespace-regexp serves')),
    ('/gate/check', payload(metadata={'a': None}), (403, 'Forbidden')),
    ('/gate/check', '', (400, ''), (400, 'the body is no JSON: JSON 1:1: the text is empty')),
    ('/gate/open', '[]', (400, ''), (400, 'the body: an object wanted, got a list')),
    ('/gate/close', '"x"', (400, ''), (400, 'the body: an object wanted, got a text')),
    ('/rollback/check', '{"name": 1}', (400, ''), (400, 'name: a text wanted, got a number')),
    ('/rollback/open', payload(phase=3), (400, ''), (400, 'phase: a text wanted, got a number')),
    ('/rollback/close', payload(metadata=[]), (400, ''), (400, 'metadata: an object wanted, got a list')),
    ('/', payload(metadata={'a': 1}), (400, ''), (400, 'metadata: a: a text wanted, got a number')),
    ('/', PODINFO + ' more', (400, ''), (400, 'the body is no JSON: JSON 1:83: unexpected content after document')),
    # namespaces
    ('/gate/check', payload(namespace='prod'), (403, 'Forbidden'),
     (403, 'namespace "prod": not one that -namespace-regexp serves')),
    ('/gate/open', payload(namespace='test2'), (403, 'Forbidden'),
     (403, 'namespace "test2": not one that -namespace-regexp serves')),
    ('/', payload(namespace='prod', metadata={'cmd': LOAD}), (403, 'Forbidden'),
     (403, 'namespace "prod": not one that -namespace-regexp serves')),
    ('/', '{}', (403, 'Forbidden'), (403, 'namespace "": not one that -namespace-regexp serves')),
    # paths
    ('/gate/unknown', PODINFO, (400, 'metadata not found in payload')),
    ('/gate/open/', PODINFO, (400, 'metadata not found in payload')),
    ('/gate/%6fpen', PODINFO, (202, '')),
    ('//gate/open', PODINFO, (307, ''), (400, 'metadata not found in payload')),
    ('/gate/../healthz', PODINFO, (307, ''), (400, 'metadata not found in payload')),
    # tasks
    ('/', PODINFO, (400, 'metadata not found in payload')),
    ('/', order(), (400, 'metadata not found in payload')),
    ('/', order(x='y'), (400, 'cmd not found in metadata')),
    ('/', order(type='cmd'), (400, 'cmd not found in metadata')),
    ('/', order(cmd=LOAD), (202, '')),
    ('/any/path', order(type='cmd', cmd=LOAD, logCmdOutput='true'), (202, '')),
    ('/', order(type='cmd', cmd='printf ok'), (202, '')),
    ('/', order(type='bash', cmd='printf ok'), (200, '')),
    ('/', order(type='bash', cmd='printf ok', returnCmdOutput='true'), (200, 'ok')),
    ('/', order(type='bash', cmd='printf ok', returnCmdOutput='T'), (200, 'ok')),
    ('/', order(type='bash', cmd='printf ok', returnCmdOutput='maybe'), (200, '')),
    ('/', order(type='bash', cmd="printf 'a token\\n' | grep token", returnCmdOutput='1'), (200, 'a token\n')),
    ('/', order(type='bash', cmd="printf 'nothing\\n' | grep token"),
     (500, "command printf 'nothing\\n' | grep token failed: : exit status 1")),
    ('/', order(type='bash', cmd='grep token /nonexistent'),
     (500, 'command grep token /nonexistent failed: grep: /nonexistent: No such file or directory\n: exit status 2')),
    ('/', order(type='bash', cmd='grep token /nonexistent | printf ok', returnCmdOutput='true'),
     (200, 'okgrep: /nonexistent: No such file or directory\n'), 'in any order'),
    # what a shell would do
    ('/', order(type='cmd', cmd=''), (202, ''), (400, 'command "": there is no command')),
    ('/', order(type='bash'), (200, ''), (400, 'cmd not found in metadata')),
    ('/', order(type='bash', cmd='printf $((1 + 1))', returnCmdOutput='true'), (200, '2'),
     (400, 'command "printf $((1 + 1))": character 8, $: an expansion; no shell reads this command, so it has to be '
           "'quoted' or left out")),
    ('/', order(type='bash', cmd='unheard-of'),
     (500, 'command unheard-of failed: bash: line 1: unheard-of: command not found\n: exit status 127'),
     (403, 'command "unheard-of": unheard-of is not among the programs that -allow-commands names')),
    # types
    ('/', order(type='helm', cmd='test x'), (500, 'command test x failed: : exec: "helm": executable file not found '
                                                  'in $PATH'),
     (403, 'command "test x": helm is not among the programs that -allow-commands names')),
    ('/', order(type='concord', cmd='x'), (500, '`server` is required with type concord'),
     (400, 'type concord is refused: processes of Concord are not started here')),
    ('/', order(type='ngrinder', cmd='x'), (400, 'server, clone, username and passwd are required metadata'),
     (400, 'type ngrinder is refused: tests of nGrinder are not started here')),
    ('/', order(type='tekton', cmd='x'), CLOSED, (400, 'unknown task type tekton')),
]
