#!/usr/bin/env python3
"""Each rule of lint.py must find what is planted, and nothing in a clean tree."""
import pathlib
import re
import subprocess
import sys
import tempfile

LINT = pathlib.Path(__file__).with_name('lint.py')
HOST = '---@meta\nfunction host.call() end\nfunction host.seal() end\n'
MODULE = 'static const luaL_Reg methods[] = {\n    {"run", world_run},\n    {NULL, NULL},\n};\n'
ROOMS = '''add_room(base LIBRARIES m)
add_room(io BELOW base)
add_room(kube BELOW io)
add_room(prom BELOW io)
add_room(mesh BELOW kube)
add_room(workload BELOW kube)
add_room(canary BELOW kube)
add_room(rollout FOLDERS operation BELOW mesh workload prom)
add_room(script BELOW rollout)
add_room(sim/ground BELOW io)
add_room(sim/api FOLDERS builtin
         BELOW sim/ground)
add_room(sim BELOW sim/api)
add_room(lab/lua BELOW script sim)
add_room(app BELOW script sim EXCEPT main.c)
'''
TOUR = '''| room | what it is | may include |
|---|---|---|
| `base` | memory | – |
| `io` | `http.h` and `clock.h` | base |
| `kube` | Kubernetes | io |
| `prom` | metrics | io |
| `mesh` | routers | kube |
| `workload` | what runs | kube |
| `canary` | what is said | kube |
| `rollout` | who decides | mesh, workload, prom |
| `script` | Lua | rollout |
| `sim` | the cluster | sim/api |
| `lab/lua` | the module | script, sim |
| `app` | commands | script, sim |
'''
SIM = '''| `sim/ground` | time | io |
| `sim/api` | the server | `sim/ground` |
'''
PAGE = '# Page\n\n## Two words\n\nSee [above](#page) and [here](flagger.md#two-words), [there](https://x/y).\n'
OPERATIONS = '--- facts {} — the state\n'
FUNCTION = '''struct t {{
    struct t *next;
    bool is_done;
}};

int f(const char *s, struct t *t, int x)
{{
    {}
}}
'''
CLEAN = {
    'core/base/a.c': '#include "base/b.h"\n\nvoid a(void)\n{\n    /* free(x) in a comment, "malloc(" in a string: '
                     'fine */\n    b("printf(");\n}\n',
    'core/canary/kinds.h': '#define KINDS(X) X(daemon_set, "DaemonSet")\n#define MESHES(X) X(istio, "istio")\n',
    'core/canary/c.c': '/* A DaemonSet in Istio. */\n',
    'core/base/f.c': FUNCTION.format('do {\n    } while (!t->is_done && s != NULL);\n    if (x) {\n    } else if (!x) '
                                     '{\n    }'),
    'core/kube/k.c': '#include "io/http.h"\n#include "base/b.h"\n',
    'core/script/host.c': '    set_primitive(L, host, "call", primitive_call);\n',
    'core/script/prelude.lua': 'function host.seal(t) end\n',
    'core/rollout/operation/facts.c': 'const struct operation operation_facts = {.name = "facts", .start = start};\n',
    'lua/stdlib/x.lua': "local y = require 'stdlib.y'\n",
    'lua/stdlib/_meta/host.lua': HOST,
    'lua/stdlib/_meta/operations.lua': OPERATIONS,
    'core/lab/lua/module.c': MODULE,
    'CMakeLists.txt': ROOMS,
    'docs/tour.md': TOUR,
    'docs/sim.md': SIM,
    'docs/flagger.md': PAGE,
    'core/kube/c.c': '/* As told (docs/flagger.md,\n * "Two\n * words"); RFC 9110, section 15; x.h (docs/flagger.md) '
                     '*/\n',
    'core/sim/cluster.c': '#include "sim/api/builtin/pod.h"\n#include "sim/ground/clock.h"\n#include "base/b.h"\n',
    'core/sim/api/builtin/pod.h': '#include "sim/api/api.h"\n',
    'core/sim/api/api.h': '#include "sim/api/builtin/pod.h"\n',
    'core/sim/ground/clock.h': '',
    'spec/_meta/sluice.lua': 'function world:run() end\n',
    'tests/unit/base/test_a.c': '',
    'tests/unit/sim/api/test_api.c': '',
    'tests/unit/kube/test_whole_room.c': '',
    'web/index.html': '<link rel="icon" href="icon.svg"><script type="module" src="main.js"></script>\n',
    'web/main.js': "import { x } from './x.js';\n",
}
PLANTED = [
    ('floors', 'core/base/a.c', '#include "io/loop.h"\n'),
    ('floors', 'core/kube/k.c', '#include "prom/query.h"\n'),
    ('floors', 'core/mesh/m.c', '#include "workload/service.h"\n'),
    ('floors', 'core/kube/k.c', '#include <uv.h>\n'),
    ('floors', 'core/rollout/r.c', '#include <yyjson.h>\n'),
    ('floors', 'core/app/run.c', '#include <lua.h>\n'),
    ('floors', 'lua/stdlib/x.lua', "local c = require 'strategies.canary'\n"),
    ('floors', 'lua/strategies/s.lua', "local h = require 'host'\n"),
    ('floors', 'lua/stdlib/x.lua', "local c = require 'checks.c'\n"),
    ('floors', 'lua/checks/c.lua', "local h = require 'host'\n"),
    ('floors', 'core/sim/ground/clock.h', '#include "sim/api/api.h"\n'),
    ('floors', 'core/sim/ground/clock.h', '#include "sim/cluster.h"\n'),
    ('floors', 'core/sim/api/builtin/pod.h', '#include "sim/cluster.h"\n'),
    ('floors', 'core/sim/api/api.h', '#include "kube/k.h"\n'),
    ('floors', 'core/app/main.c', '#include "elsewhere/x.h"\n'),
    ('floors', 'core/sim/other/x.c', ''),
    ('floors', 'core/sim/api/builtin/deeper/x.c', ''),
    ('floors', 'CMakeLists.txt', ROOMS.replace('add_room(base LIBRARIES m)', 'add_room(base BELOW io)')),
    ('tour', 'docs/tour.md', TOUR.replace('mesh, workload, prom', 'mesh, workload')),
    ('tour', 'docs/tour.md', TOUR.replace('| `prom` | metrics | io |\n', '')),
    ('tour', 'docs/tour.md', TOUR + '| `more` | of it | io |\n'),
    ('tour', 'docs/sim.md', SIM.replace('`sim/ground` |\n', '– |\n')),
    ('tour', 'CMakeLists.txt', ROOMS + 'add_room(lab BELOW app)\n'),
    ('mirror', 'tests/unit/test_c.c', ''),
    ('mirror', 'tests/unit/base/test_c.c', ''),
    ('mirror', 'tests/unit/test_whole_room.c', ''),
    ('mirror', 'tests/unit/other/test_whole_room.c', ''),
    ('ports', 'core/canary/c.c', 'bool b = strcmp(kind, "DaemonSet") == 0;\n'),
    ('ports', 'core/rollout/r.c', 'void *s = &KUBE_DAEMON_SETS;\n'),
    ('ports', 'core/rollout/operation/o.c', '#include "workload/daemon_set.h"\n'),
    ('ports', 'core/rollout/r.c', 'router = &istio_router;\n'),
    ('citations', 'core/kube/c.c', '/* As in sec' 'tion 2.4. */\n'),
    ('citations', 'lua/stdlib/x.lua', '--- The checksum (App' 'endix C.3).\n'),
    ('citations', 'lua/stdlib/x.lua', '--- the target (4' '.1.4)\n'),
    ('citations', 'core/kube/c.c', '/* As told (docs/flagger' '.md, "Two wards"). */\n'),
    ('citations', 'tests/unit/base/test_a.c', '/* As told (docs/flogger' '.md). */\n'),
    ('citations', 'core/kube/c.c', '/* As told in kube/' 'gone.h. */\n'),
    ('citations', 'lua/stdlib/x.lua', '--- As told in rollout/' 'gone.c.\n'),
    ('citations', 'docs/flagger.md', PAGE + '[gone](gone.md)\n'),
    ('citations', 'docs/flagger.md', PAGE + '[gone](#gone)\n'),
    ('banned', 'core/base/a.c', 'void a(void)\n{\n    strcpy(x, y);\n}\n'),
    ('banned', 'core/base/a.c', 'void a(void)\n{\n    free(x);\n}\n'),
    ('banned', 'core/kube/k.c', 'void k(void)\n{\n    printf("x");\n}\n'),
    ('handwriting', 'core/base/a.c', FUNCTION.format('if (x == 1)\n        b();')),
    ('handwriting', 'core/base/a.c', FUNCTION.format('if (x == 1) {\n    } else\n        b();')),
    ('handwriting', 'core/base/a.c', FUNCTION.format('for (;;)\n        b();')),
    ('handwriting', 'core/base/a.c', FUNCTION.format('if (!s) {\n    }')),
    ('handwriting', 'core/base/a.c', FUNCTION.format('if (s && x == 1) {\n    }')),
    ('handwriting', 'core/base/a.c', FUNCTION.format('return t->next ? 1 : 2;')),
    ('handwriting', 'core/base/a.c', FUNCTION.format('while (x == 1 && !t->next) {\n    }')),
    ('web', 'web/index.html', '<script>alert(1)</script>\n'),
    ('web', 'web/index.html', '<p onclick="x()">\n'),
    ('web', 'web/index.html', '<p style="color: red">\n'),
    ('web', 'web/index.html', '<script src="https://x/y.js"></script>\n'),
    ('web', 'web/index.html', '<script src="/y.js"></script>\n'),
    ('web', 'web/main.js', 'x.inner' 'HTML = y;\n'),
    ('web', 'web/main.js', "import { x } from 'https://x/y.js';\n"),
    ('web', 'web/main.js', 'x();\n' * 301),
    ('web', 'web/style.css', 'p { background: url(https://x/y.png); }\n'),
    ('sizes', 'core/base/a.c', 'int x;\n' * 601),
    ('sizes', 'core/base/a.c', f'/* {"x" * 118} */\n'),
    ('sizes', 'tests/cluster/x.py', f'x = "{"x" * 118}"\n'),
    ('sizes', 'tests/cluster/stack/x.go', f'// {"x" * 118}\n'),
    ('sizes', 'tests/bench/x.lua', f'-- {"x" * 118}\n'),
    ('sizes', 'cmake/X.cmake', f'# {"x" * 119}\n'),
    ('sizes', 'CMakeLists.txt', ROOMS + f'# {"x" * 119}\n'),
    ('sizes', 'scripts/x', f'#!/bin/sh\n# {"x" * 119}\n'),
    ('sizes', 'deploy/x.yaml', f'# {"x" * 119}\n'),
    ('sizes', 'docs/flagger.md', PAGE + 'x' * 121 + '\n'),
    ('sizes', 'tests/unit/base/test_a.c', 'int x;\n' * 601),
    ('sizes', 'spec/a_spec.lua', 'local x\n' * 601),
    ('sizes', 'core/base/a.c', 'void a(void)\n{\n' + '    b();\n' * 61 + '}\n'),
    ('bindings', 'lua/stdlib/_meta/host.lua', HOST + 'function host.more() end\n'),
    ('bindings', 'core/script/host.c',
     '    set_primitive(L, host, "call", primitive_call);\n    set_primitive(L, host, "extra", primitive_extra);\n'),
    ('bindings', 'core/lab/lua/module.c', MODULE + 'static const luaL_Reg more[] = {{"stop", world_stop}};\n'),
    ('bindings', 'lua/tool/world/acting.lua', 'function methods.deploy() end\n'),
    ('bindings', 'lua/stdlib/_meta/operations.lua', OPERATIONS + '--- other {} — x\n'),
]


def run(rule, files):
    with tempfile.TemporaryDirectory() as folder:
        for name, text in files.items():
            path = pathlib.Path(folder, name)
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(text)
        return subprocess.run([sys.executable, LINT, rule, folder], capture_output=True, text=True)


CIRCLE = {'a': 'void b(void);\nvoid a(void) {b();}\n', 'b': 'void a(void);\nvoid b(void) {a();}\n'}


def run_circles(files):
    """Objects as CMake would lay them out, of a room x."""
    with tempfile.TemporaryDirectory() as folder:
        for name, text in files.items():
            source, target = pathlib.Path(folder, f'core/x/{name}.c'), f'CMakeFiles/x.dir/core/x/{name}.c.o'
            source.parent.mkdir(parents=True, exist_ok=True)
            source.write_text(text)
            pathlib.Path(folder, target).parent.mkdir(parents=True, exist_ok=True)
            subprocess.run(['cc', '-c', source, '-o', target], cwd=folder, check=True)
        return subprocess.run([sys.executable, LINT.with_name('circles.py').resolve(), '.', 'x'], cwd=folder,
                              capture_output=True, text=True)


ADDON = {
    'core/script/prelude.lua': "  ['stdlib.strategy'] = true,\n  ['stdlib.blind'] = true,\n",
    'lua/addon/words.lua': '---@class sluice.Rollout\n',
    'spec/_meta/sluice.lua': '',
    'lua/stdlib/strategy.lua': "---@class Strategy\n---@field run fun(rollout: sluice.Rollout)\n\n"
                               "---@type fun(definition: Strategy): Strategy\n"
                               "local strategy = require 'stdlib.definition'.of 'strategy'\n\nreturn strategy\n",
    'lua/stdlib/blind.lua': "local M = {}\n---@param more Strategy[]?\nfunction M.params(more) end\nreturn M\n",
}
NOT_WHOLE = [
    ('lua/stdlib/strategy.lua', "return require 'stdlib.definition'.of 'strategy'\n"),
    ('lua/stdlib/strategy.lua', "local strategy = require 'stdlib.definition'.of 'strategy'\nreturn strategy\n"),
    ('lua/stdlib/blind.lua', 'local M = {}\n---@return table<string, Param>? params\nreturn M\n'),
    ('lua/addon/words.lua', '---@class sluice.Rollout: Words\n'),
]


def run_addon(files):
    with tempfile.TemporaryDirectory() as folder:
        for name, text in files.items():
            path = pathlib.Path(folder, name)
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(text)
        return subprocess.run([sys.executable, LINT.with_name('addon.py'), folder], capture_output=True, text=True)


def main():
    failures = 0
    for name, text in [('', None)] + NOT_WHOLE:
        result = run_addon(ADDON if text is None else {**ADDON, name: text})
        if result.returncode != (0 if text is None else 1) or name not in result.stdout:
            failures += 1
            print(f'addon: {name or "a whole one"}: {result.stdout}{result.stderr}')
    if run_circles({**CIRCLE, 'b': 'void b(void) {}\n'}).returncode != 0 or run_circles(CIRCLE).returncode != 1:
        failures += 1
        print('circles: found one where none is, or did not find what was planted')
    for rule in sorted({planted[0] for planted in PLANTED}):
        result = run(rule, CLEAN)
        if result.returncode != 0:
            failures += 1
            print(f'{rule}: found something in a clean tree: {result.stdout}{result.stderr}')
    for rule, name, text in PLANTED:
        result = run(rule, {**CLEAN, name: text})
        if result.returncode != 1 or not re.search(f'{pathlib.PurePath(name).name}|operation|world:|^docs/tour.md',
                                                   result.stdout):
            failures += 1
            print(f'{rule}: did not find what was planted in {name}: {text[:60]!r}: {result.stdout}{result.stderr}')
    print(f'{len(PLANTED) + len(NOT_WHOLE)} planted, {failures} failures')
    sys.exit(1 if failures else 0)


if __name__ == '__main__':
    main()
