#!/usr/bin/env python3
"""The house rules a machine can check: floors, parts, banned calls, sizes, bindings. Usage: lint.py RULE [TREE]; exit status 1 when something is wrong."""
import fnmatch
import pathlib
import re
import sys

# A room may include itself and what stands below it.
BELOW = {
    'base': set(),
    'io': {'base'},
    'kube': {'base', 'io'},
    'prom': {'base', 'io'},
    'mesh': {'base', 'io', 'kube'},
    'workload': {'base', 'io', 'kube'},
    'rollout': {'base', 'io', 'kube', 'prom', 'mesh', 'workload'},
    'script': {'base', 'io', 'kube', 'prom', 'mesh', 'workload', 'rollout'},
    'sim': {'base', 'io'},
    'app': {'base', 'io', 'kube', 'prom', 'mesh', 'workload', 'rollout', 'script', 'sim'},
}

# Headers of libraries that stay in one room (or one file).
LIBRARIES = [
    (re.compile(r'^(uv|microhttpd)\.h$|^curl/'), {'io'}),
    (re.compile(r'^(yyjson|yaml|zlib)\.h$'), {'base'}),
    (re.compile(r'^(lua|lauxlib|lualib|luajit)\.h$'), {'script', 'app/module_inner.h'}),
]

BANNED = re.compile(r'(?<![\w.>])(sprintf|vsprintf|strcpy|strcat|strtok|atoi|atol|alloca|gets|rand|srand)\s*\(')
MEMORY = re.compile(r'(?<![\w.>])(malloc|calloc|realloc|free|strdup|strndup|asprintf)\s*\(')
PRINTING = re.compile(r'(?<![\w.>])(printf|fprintf|puts|fputs|putchar)\s*\(')
MEMORY_ALLOWED = {'base/mem.c'}
PRINTING_ALLOWED = {'base/mem.c', 'base/log.c', 'base/hash.c'}  # what ends the process says so

LINES_MAX = 600
FUNCTION_MAX = 60


def sources(tree):
    for path in sorted((tree / 'core').rglob('*.[ch]')):
        yield path, path.relative_to(tree / 'core').as_posix()


def written(tree):
    """Every file of code that people wrote and read, tests too."""
    for folder, endings in (('core', 'ch'), ('lua', ('lua',)), ('spec', ('lua',)), ('tests', ('c', 'h', 'py'))):
        for ending in endings:
            yield from sorted((tree / folder).rglob(f'*.{ending}'))


def code_lines(text):
    """Lines with comments and string literals blanked, so that words in them are not taken for calls."""
    text = re.sub(r'/\*.*?\*/', lambda m: re.sub(r'[^\n]', ' ', m.group()), text, flags=re.S)
    text = re.sub(r'//[^\n]*', '', text)
    text = re.sub(r'"(\\.|[^"\\\n])*"', '""', text)
    return text.split('\n')


def floors(tree):
    for path, name in sources(tree):
        room = name.split('/')[0]
        for number, line in enumerate(path.read_text().split('\n'), 1):
            local = re.match(r'\s*#include "([a-z]+)/', line)
            if local and local.group(1) != room and local.group(1) not in BELOW.get(room, set()):
                yield f'{path}:{number}: {room} must not include {local.group(1)}'
            system = re.match(r'\s*#include <([^>]+)>', line)
            for pattern, rooms in LIBRARIES:
                if system and pattern.search(system.group(1)) and room not in rooms and name not in rooms:
                    yield f'{path}:{number}: <{system.group(1)}> belongs to {", ".join(sorted(rooms))}'
    for path in sorted((tree / 'lua').rglob('*.lua')):
        for number, line in enumerate(path.read_text().split('\n'), 1):
            required = re.search(r"require\s*\(?\s*['\"]([\w.]+)['\"]", line)
            if required and path.parent.name == 'stdlib' and required.group(1).startswith('strategies.'):
                yield f'{path}:{number}: the stdlib must not require a strategy'
            if required and path.parent.name == 'strategies' and not required.group(1).startswith('stdlib.'):
                yield f'{path}:{number}: a strategy requires words of the stdlib only, not {required.group(1)}'


def parts_of(tree):
    """The table of core/README.md: a row of patterns for each part of the room sim, from top to bottom."""
    rows = re.search(r'^\| part of `sim` .*\n\|[-|]+\n((?:\|.*\n)+)', (tree / 'core/README.md').read_text(), flags=re.M)
    return [re.findall(r'`([\w*]+)`', row.split('|')[2]) for row in rows.group(1).splitlines()] if rows else []


def parts(tree):
    """Every file of sim belongs to a part, by the longest pattern that fits, and includes no part above its own."""
    patterns = {pattern: floor for floor, row in enumerate(parts_of(tree)) for pattern in row}

    def part(stem):
        return patterns.get(max((p for p in patterns if fnmatch.fnmatch(stem, p)), key=len, default=None))
    files = [(path, path.stem) for path, name in sources(tree) if name.startswith('sim/')]
    for path, stem in files:
        if part(stem) is None:
            yield f'{path}: of no part in core/README.md'
            continue
        for number, line in enumerate(path.read_text().split('\n'), 1):
            local = re.match(r'\s*#include "sim/(\w+)\.h"', line)
            if local and part(local.group(1)) is not None and part(local.group(1)) < part(stem):
                yield f'{path}:{number}: sim/{local.group(1)}.h is of a part above it in core/README.md'
    for pattern in patterns:
        if not any(fnmatch.fnmatch(stem, pattern) for _, stem in files):
            yield f'core/README.md: no file of sim is called {pattern}'


def banned(tree):
    for path, name in sources(tree):
        for number, line in enumerate(code_lines(path.read_text()), 1):
            call = BANNED.search(line)
            if not call and name not in MEMORY_ALLOWED:
                call = MEMORY.search(line)
            if not call and name not in PRINTING_ALLOWED and not name.startswith('app/'):
                call = PRINTING.search(line)
            if call:
                yield f'{path}:{number}: {call.group(1)} is banned here'


def sizes(tree):
    for path in written(tree):
        count = path.read_text().count('\n')
        if count > LINES_MAX:
            yield f'{path}: {count} lines, at most {LINES_MAX}'
    for path, _ in sources(tree):
        lines = path.read_text().split('\n')
        start = None
        for number, line in enumerate(lines, 1):
            if line == '{':
                start = number
            elif line == '}' and start is not None:
                body = lines[start:number - 1]
                is_table = sum('case ' in each or 'default:' in each for each in body) >= 5
                if number - start - 1 > FUNCTION_MAX and not is_table:
                    yield f'{path}:{start}: a function of {number - start - 1} lines, at most {FUNCTION_MAX}'
                start = None


def bindings(tree):
    """What C gives to the stdlib and to the specs, and what the language server is told about it, must be the same."""
    declared = set(re.findall(r'^function host\.(\w+)', (tree / 'lua/stdlib/_meta/host.lua').read_text(), flags=re.M))
    text = (tree / 'core/script/host.c').read_text()
    registered = set(re.findall(r'set_primitive\(L, \w+, "(\w+)"', text))
    for name in sorted(declared - registered):
        yield f'lua/stdlib/_meta/host.lua: host.{name} is declared, core/script/host.c does not register it'
    for name in sorted(registered - declared):
        yield f'core/script/host.c: host.{name} is registered, lua/stdlib/_meta/host.lua does not declare it'
    described = set(re.findall(r'^--- (\w+) \{', (tree / 'lua/stdlib/_meta/operations.lua').read_text(), flags=re.M))
    served = set(re.findall(r'^    \{"(\w+)", (?:true|false),', (tree / 'core/rollout/operation.c').read_text(), flags=re.M))
    for name in sorted(described ^ served):
        yield f'operation {name}: only in one of lua/stdlib/_meta/operations.lua and core/rollout/operation.c'
    declared = set(re.findall(r'^function world:(\w+)', (tree / 'spec/_meta/sluice.lua').read_text(), flags=re.M))
    files = ''.join(path.read_text() for path in sorted((tree / 'core/app').glob('module*.c')))
    registered = set(re.findall(r'\{"(\w+)", world_\w+\}', files))
    for name in sorted(declared ^ registered):
        yield f'world:{name}: only in one of spec/_meta/sluice.lua and core/app/module*.c'


RULES = {'floors': floors, 'parts': parts, 'banned': banned, 'sizes': sizes, 'bindings': bindings}


def main():
    if len(sys.argv) not in (2, 3) or sys.argv[1] not in RULES:
        sys.exit(f'usage: lint.py {"|".join(RULES)} [TREE]')
    tree = pathlib.Path(sys.argv[2] if len(sys.argv) == 3 else '.')
    found = list(RULES[sys.argv[1]](tree))
    print('\n'.join(found) if found else f'{sys.argv[1]}: nothing found')
    sys.exit(1 if found else 0)


if __name__ == '__main__':
    main()
