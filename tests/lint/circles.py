#!/usr/bin/env python3
"""Files of core that need each other in a circle, by the symbols of their objects. Usage: circles.py BUILD-FOLDER
FOLDER-OF-CORE…"""
import pathlib
import re
import subprocess
import sys

# One algorithm in several files, which calls itself.
HONEST = [
    {'sim/patch/strategic.c', 'sim/patch/strategic_list.c'},
    {'sim/prometheus/promql.c', 'sim/prometheus/call.c'},
]


def objects(build):
    """Each file of core with what it defines and what it needs."""
    paths = {path: re.search(r'\.dir/core/(.*)\.o$', path.as_posix()).group(1)
             for path in build.glob('CMakeFiles/*.dir/core/**/*.o')}
    paths = {path: name for path, name in paths.items() if pathlib.Path('core', name).exists()}
    listing = subprocess.run(['nm', '-A', '-g', *paths], capture_output=True, text=True, check=True).stdout
    defines, needs = {}, {}
    for path, kind, symbol in re.findall(r'^(.+?):[0-9a-f ]*([A-Za-z]) (\S+)$', listing, flags=re.M):
        name = paths[pathlib.Path(path)]
        if kind in 'TDBRVC':
            defines[symbol] = name
        elif kind == 'U':
            needs.setdefault(name, set()).add(symbol)
    return {name: {defines[symbol]: symbol for symbol in sorted(symbols) if symbol in defines}
            for name, symbols in needs.items()}


def reach(graph, start):
    found, waiting = set(), [start]
    while waiting:
        for other in graph.get(waiting.pop(), ()):
            if other not in found:
                found.add(other)
                waiting.append(other)
    return found


def circles(graph):
    reached = {name: reach(graph, name) for name in graph}
    seen = set()
    for name in sorted(graph):
        if name in reached[name] and name not in seen:
            circle = {other for other in reached[name] if name in reached.get(other, ())}
            seen |= circle
            if len(circle) > 1 and circle not in HONEST:
                yield circle


def main():
    if len(sys.argv) < 3:
        sys.exit('usage: circles.py BUILD-FOLDER FOLDER-OF-CORE…')
    graph = objects(pathlib.Path(sys.argv[1]))
    if not graph:
        sys.exit(f'no objects in {sys.argv[1]}')
    found = [circle for circle in circles(graph)
             if any(name.startswith(f'{folder}/') for name in circle for folder in sys.argv[2:])]
    for circle in found:
        print(f'a circle of {len(circle)} files:')
        for name in sorted(circle):
            for other, symbol in sorted(graph[name].items()):
                if other in circle and other != name:
                    print(f'  core/{name} needs {symbol} of core/{other}')
    print(f'{len(found)} circles')
    sys.exit(1 if found else 0)


if __name__ == '__main__':
    main()
