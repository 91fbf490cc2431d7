#!/usr/bin/env python3
"""The house rules a machine can check: floors, the tour, citations, banned calls, sizes, bindings. Usage: lint.py RULE
[TREE]; exit status 1 when something is wrong."""
import pathlib
import re
import sys

# Headers of libraries that stay in one room (or one file).
LIBRARIES = [
    (re.compile(r'^(uv|microhttpd)\.h$|^curl/'), {'io'}),
    (re.compile(r'^(yyjson|yaml|zlib)\.h$'), {'base'}),
    (re.compile(r'^(lua|lauxlib|lualib|luajit)\.h$'), {'script', 'lab/lua'}),
]

BANNED = re.compile(r'(?<![\w.>])(sprintf|vsprintf|strcpy|strcat|strtok|atoi|atol|alloca|gets|rand|srand)\s*\(')
MEMORY = re.compile(r'(?<![\w.>])(malloc|calloc|realloc|free|strdup|strndup|asprintf)\s*\(')
PRINTING = re.compile(r'(?<![\w.>])(printf|fprintf|puts|fputs|putchar)\s*\(')
MEMORY_ALLOWED = {'base/mem.c'}
PRINTING_ALLOWED = {'base/mem.c', 'base/log.c', 'base/hash.c'}  # what ends the process says so

LINES_MAX = 600
FUNCTION_MAX = 60
COLUMNS_MAX = 120


def sources(tree):
    for path in sorted((tree / 'core').rglob('*.[ch]')):
        yield path, path.relative_to(tree / 'core').as_posix()


def written(tree):
    """Every file of code that people wrote and read, tests too."""
    for folder, endings in (('core', 'ch'), ('lua', ('lua',)), ('spec', ('lua',)),
                            ('examples', ('lua',)), ('tests', ('c', 'h', 'py', 'lua', 'go'))):
        for ending in endings:
            yield from sorted((tree / folder).rglob(f'*.{ending}'))


def code_lines(text):
    """Lines with comments and literals blanked, so that words in them are not taken for calls."""
    def blank(match):
        opening = match.group()[0]
        return '""' if opening == '"' else "' '" if opening == "'" else re.sub(r'[^\n]', ' ', match.group())
    text = re.sub(r'/\*.*?\*/|//[^\n]*|"(?:\\.|[^"\\\n])*"|\'(?:\\.|[^\'\\\n])+\'', blank, text, flags=re.S)
    return text.split('\n')


class Rooms:
    """What the add_room lines of CMakeLists.txt say: which room may include which, and which folders are inside of
    one."""

    def __init__(self, tree):
        self.below, self.folders = {}, {}
        lines = re.findall(r'^add_room\(([^)]*)\)', (tree / 'CMakeLists.txt').read_text(), flags=re.M)
        for name, *words in (line.split() for line in lines):
            lists, heading = {}, None
            for word in words:
                if word in ('FOLDERS', 'BELOW', 'LIBRARIES', 'EXCEPT'):
                    heading = lists.setdefault(word, [])
                else:
                    heading.append(word)
            self.below[name] = lists.get('BELOW', [])
            self.folders[name] = [f'{name}/{folder}' for folder in lists.get('FOLDERS', [])]

    def of(self, folder):
        """The room of a folder below core; None when it is of none."""
        return next((room for room in self.below if folder == room or folder in self.folders[room]), None)

    def may_include(self, room):
        """The room itself, what is below it, and what stands below that."""
        found = {room}
        for below in self.below.get(room, []):
            found |= self.may_include(below)
        return found

    def out_of_order(self):
        """A room comes after all that is below it, so that no room stands below itself."""
        seen = set()
        for room, below in self.below.items():
            yield from ((room, other) for other in below if other not in seen)
            seen.add(room)


def floors(tree):
    rooms = Rooms(tree)
    out_of_order = list(rooms.out_of_order())
    for room, other in out_of_order:
        yield f'CMakeLists.txt: {room} is to stand above {other}, which no add_room before it made'
    for path, name in sources(tree) if not out_of_order else ():
        room = rooms.of(name.rpartition('/')[0])
        if room is None:
            yield f'{path}: its folder is no room: no add_room of CMakeLists.txt names it'
            continue
        allowed = rooms.may_include(room)
        for number, line in enumerate(path.read_text().split('\n'), 1):
            local = re.match(r'\s*#include "(?:([^"]*)/)?[^"/]+"', line)
            other = local and (rooms.of(local.group(1)) if local.group(1) else room)
            if local and other not in allowed:
                yield f'{path}:{number}: {room} must not include {other or "what is of no room"}'
            system = re.match(r'\s*#include <([^>]+)>', line)
            for pattern, owners in LIBRARIES:
                if system and pattern.search(system.group(1)) and room not in owners and name not in owners:
                    yield f'{path}:{number}: <{system.group(1)}> belongs to {", ".join(sorted(owners))}'
    for path in sorted((tree / 'lua').rglob('*.lua')):
        for number, line in enumerate(path.read_text().split('\n'), 1):
            required = re.search(r"require\s*\(?\s*['\"]([\w.]+)['\"]", line)
            of_script = required and required.group(1).startswith(('strategies.', 'checks.'))
            if of_script and path.parent.name == 'stdlib':
                yield f'{path}:{number}: the stdlib must not require a strategy, nor a check'
            is_script = path.parent.name in ('strategies', 'checks')
            if required and is_script and not required.group(1).startswith('stdlib.'):
                yield f'{path}:{number}: a script requires words of the stdlib only, not {required.group(1)}'


TOUR = ('docs/tour.md', 'docs/sim.md')  # the pages with tables of rooms


def tour(tree):
    """The tables of rooms name each room, and what it may include, as CMakeLists.txt does."""
    below = Rooms(tree).below
    told = {}
    for page in TOUR:
        rows = re.findall(r'^\| `[\w/]+` \|.*\|$', (tree / page).read_text(), flags=re.M)
        for row in (row.strip('| ').split('|') for row in rows):
            told[row[0].strip(' `')] = page, [room for room in re.split(r'[ `,–]+', row[-1]) if room]
    for room in below:
        if room not in told:
            yield f'{TOUR[0]}: no table of {" or ".join(TOUR)} has a row for {room}'
        elif sorted(told[room][1]) != sorted(below[room]):
            yield f'{told[room][0]}: {room} may include {", ".join(below[room]) or "–"}, says CMakeLists.txt'
    for room, (page, _) in told.items():
        if room not in below:
            yield f'{page}: {room} is no room: no add_room of CMakeLists.txt names it'


LEADER = r'(?:[ \t]*\n[ \t]*(?:\*|//|--+|#)?[ \t]*|[ \t]+)'  # blanks, or where a comment goes on in the next line
CITATION = re.compile(rf'docs/([\w/-]+\.md)(?:,{LEADER}"([^"]+)")?')
NUMBERED = re.compile(r'(?<!RFC \d{4}, )\bsections? \d|\bappendix '
                      r'[a-z0-9]|^.*(?:/\*|\*|--|#|//).*\(\d\.\d+(?:\.\d+)?\)', re.I | re.M)
LINK = re.compile(r'\]\((?![a-z]+:)([^)#\s]*)(?:#([^)\s]*))?\)')


def headings(path):
    return re.findall(r'^#+ (.+)$', re.sub(r'^```.*?^```', '', path.read_text(), flags=re.S | re.M), flags=re.M)


def anchors(path):
    return {re.sub(r'[^\w\- ]', '', heading.lower()).replace(' ', '-') for heading in headings(path)}


def pages(tree):
    yield from sorted(tree.glob('*.md'))
    for folder in ('core', 'docs', 'examples', 'deploy', 'tests'):
        yield from sorted((tree / folder).rglob('*.md'))


def named_files(tree):
    """A file that a comment or a page of docs names by its room is there: rollout/run.h, stdlib/words.lua."""
    rooms = sorted({room.split('/')[0] for room in Rooms(tree).below} | {'stdlib', 'strategies'})
    named = re.compile(rf'(?<![\w/.-])(?:core/|lua/)?((?:{"|".join(rooms)})/[\w/]*\w\.(?:[ch]|lua))\b')
    files = [path for path in written(tree) if path.is_relative_to(tree / 'core') or path.suffix == '.lua']
    for path in files + sorted((tree / 'docs').glob('*.md')):
        text = path.read_text()
        said = re.sub(r'(/\*.*?\*/)|[^\n]', lambda m: m.group(1) or '', text,
                      flags=re.S) if path.suffix in ('.c', '.h') else text
        for found in named.finditer(said):
            if not any((tree / folder / found.group(1)).exists() for folder in ('core', 'lua')):
                yield f'{path}:{said.count(chr(10), 0, found.start()) + 1}: there is no {found.group(1)}'


def citations(tree):
    """What a comment or a page refers to is in the repository: pages of docs by heading, no number of a section
    elsewhere."""
    for path in written(tree):
        text = path.read_text()
        for found in NUMBERED.finditer(text):
            number = text.count('\n', 0, found.start()) + 1
            yield f'{path}:{number}: a section by its number: say the fact, or cite a page of docs by heading'
        for found in CITATION.finditer(text):
            page, number = tree / 'docs' / found.group(1), text.count('\n', 0, found.start()) + 1
            heading = re.sub(LEADER, ' ', found.group(2) or '')
            if not page.is_file():
                yield f'{path}:{number}: docs/{found.group(1)} does not exist'
            elif heading and heading not in headings(page):
                yield f'{path}:{number}: docs/{found.group(1)} has no heading "{heading}"'
    yield from named_files(tree)
    for path in pages(tree):
        text = path.read_text()
        for found in LINK.finditer(text):
            target = (path.parent / found.group(1)) if found.group(1) else path
            number = text.count('\n', 0, found.start()) + 1
            if not target.exists():
                yield f'{path}:{number}: the link leads to {found.group(1)}, which does not exist'
            elif found.group(2) and found.group(2) not in anchors(target):
                yield f'{path}:{number}: {found.group(1) or path.name} has no heading #{found.group(2)}'


def mirror(tree):
    """A unit test lies in the folder of core whose module it tests, or whose room it is about; never in none."""
    rooms = Rooms(tree)
    homes = {}
    for path, name in sources(tree):
        homes.setdefault(path.stem, set()).add(name.rpartition('/')[0])
    for path in sorted((tree / 'tests/unit').rglob('test_*.c')):
        folder = path.parent.relative_to(tree / 'tests/unit').as_posix()
        own = homes.get(path.stem.removeprefix('test_'), set())
        if own and folder not in own | {rooms.of(home) for home in own}:
            places = ' or '.join(f'tests/unit/{home}' for home in sorted(own))
            yield f'{path}: belongs in {places}, beside what it tests'
        elif rooms.of(folder) is None:
            yield f'{path}: belongs in tests/unit/ROOM, the room of core that it is about: git mv it'


# What decides for a Canary, whatever its target and its mesh are.
ABOVE_PORTS = ('canary', 'notify', 'context', 'release', 'effect', 'rollout', 'script')
NOT_A_KIND = {'deployment_strategy'}  # a label of Flagger's metrics


def ports(tree):
    """Code above the ports names no kind of workload and no mesh: each brings its words and its resources itself."""
    kinds = tree / 'core/canary/kinds.h'
    rows = re.findall(r'\bX\((\w+), "', kinds.read_text())
    named = re.compile(rf'\w*(?:{"|".join(row.replace("_", "_?") for row in rows)})\w*', re.I)
    for path, name in sources(tree):
        if name.split('/')[0] not in ABOVE_PORTS or path == kinds:
            continue
        code = re.sub(r'/\*.*?\*/|//[^\n]*', lambda m: re.sub(r'[^\n]', ' ', m.group()), path.read_text(), flags=re.S)
        for found in named.finditer(code):
            if found.group() not in NOT_A_KIND:
                line = code.count('\n', 0, found.start()) + 1
                yield f'{path}:{line}: {found.group()} is for workload or mesh to say (canary/kinds.h has the rows)'


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


def closing(text, at):
    """Where the parenthesis that opens at `at` is closed."""
    depth = 0
    for place in range(at, len(text)):
        depth += (text[place] == '(') - (text[place] == ')')
        if depth == 0:
            return place
    return len(text)


def braceless(text):
    """Where a statement stands alone under an if, a loop or an else."""
    for word in re.finditer(r'(?<!#)\b(if|for|while|else|do)\b', text):
        end = word.end()
        if word.group(1) in ('if', 'for', 'while'):
            end = closing(text, text.index('(', end)) + 1
        rest = text[end:].lstrip()
        closes_do = word.group(1) == 'while' and text[:word.start()].rstrip().endswith('}') and rest.startswith(';')
        if not rest.startswith('{') and not closes_do and not (word.group(1) == 'else' and rest.startswith('if')):
            yield word.start()


def pointers(declarations):
    """Names that are declared as pointers, and as nothing else."""
    names = {True: set(), False: set()}
    for declaration in declarations:
        for stars, name in re.findall(r'(\**)(?:const )?\b(\w+)(?:\[\w*\])*(?: = [^,]*)?(?:,|$)', declaration):
            names[stars != ''].add(name)
    return names[True] - names[False]


TYPE = r'(?:static |const |struct |enum |unsigned )*\w+ '
MEMBERS = re.compile(r'^    ' + TYPE + r'([*\w][^;(){}=]*);', flags=re.M)
LOCALS = re.compile(r'(?:^ +|for \()' + TYPE + r'([*\w][^;{}]*);', flags=re.M)
PARAMETERS = re.compile(r'[(,]\s*' + TYPE + r'(\**(?:const )?\w+)(?=[,)])')
TESTS = re.compile(r'(?:!|\b(?:if|while) \(|&& |\|\| )((?:\w+(?:->|\.))*)(\w+)(?=\)| \?| &&| \|\||;|,)'
                   r'|(?:(?<![!=<>])= |\(|return |, )((?:\w+(?:->|\.))*)(\w+)(?= \? )')


def handwriting(tree):
    """Braces always, and pointers compared with NULL instead of taken for truth values."""
    files = [(path, '\n'.join('' if line.startswith('#') or line.endswith('\\') else line
                              for line in code_lines(path.read_text()))) for path, _ in sources(tree)]
    members = pointers(found for _, text in files for found in MEMBERS.findall(text))
    for path, text in files:
        for at in braceless(text):
            yield f'{path}:{text.count(chr(10), 0, at) + 1}: braces are missing'
        for function in re.finditer(r'^[a-z][^;{}]*\)\n\{\n.*?^\}', text, flags=re.M | re.S):
            head, _, body = function.group().partition('\n{\n')
            local = pointers(PARAMETERS.findall(head) + LOCALS.findall(body))
            for test in TESTS.finditer(function.group()):
                owner, name = (test.group(1), test.group(2)) if test.group(2) else (test.group(3), test.group(4))
                if name in (members if owner else local):
                    line = text.count('\n', 0, function.start() + test.start()) + 1
                    yield f'{path}:{line}: {owner}{name} is a pointer, to be compared with NULL'


def scripts(tree):
    """Python, CMake and shell, by the names of files, or by what runs them."""
    yield tree / 'CMakeLists.txt'
    for folder in ('cmake', 'findings', 'scripts', 'spec', 'tests'):
        for path in sorted((tree / folder).rglob('*')):
            is_named = path.suffix in ('.py', '.cmake', '.sh') or path.name == 'CMakeLists.txt'
            if is_named or (path.suffix == '' and path.is_file() and path.open('rb').read(2) == b'#!'):
                yield path


def manifests(tree):
    """Objects and scenarios, and how an image is made; not what tests have recorded."""
    for folder in ('core', 'deploy', 'examples'):
        yield from sorted((tree / folder).rglob('*.yaml'))
    yield from sorted((tree / 'deploy').glob('Dockerfile*'))


def lines_of(tree):
    """The lines of code and manifests, and the prose of pages: neither tables nor what stands in fences."""
    for path in {*written(tree), *scripts(tree), *manifests(tree)}:
        if 'corpus' not in path.parts:
            yield from ((path, number, line) for number, line in enumerate(path.read_text().split('\n'), 1))
    for path in pages(tree):
        prose = re.sub(r'^```.*?^```|^\|.*?$', lambda m: re.sub(r'[^\n]', '', m.group()), path.read_text(),
                       flags=re.S | re.M)
        yield from ((path, number, line) for number, line in enumerate(prose.split('\n'), 1))


def sizes(tree):
    for path in written(tree):
        count = path.read_text().count('\n')
        if count > LINES_MAX:
            yield f'{path}: {count} lines, at most {LINES_MAX}'
    for path, number, line in lines_of(tree):
        if len(line) > COLUMNS_MAX:
            yield f'{path}:{number}: {len(line)} columns, at most {COLUMNS_MAX}'
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
    registered |= set(re.findall(r'^function host\.(\w+)', (tree / 'core/script/prelude.lua').read_text(), flags=re.M))
    for name in sorted(declared - registered):
        yield f'lua/stdlib/_meta/host.lua: host.{name} is declared, core/script does not register it'
    for name in sorted(registered - declared):
        yield f'core/script/host.c: host.{name} is registered, lua/stdlib/_meta/host.lua does not declare it'
    described = set(re.findall(r'^--- (\w+) (?:\{|table\[\] ->)',
                               (tree / 'lua/stdlib/_meta/operations.lua').read_text(), flags=re.M))
    files = ''.join(path.read_text() for path in sorted((tree / 'core/rollout/operation').glob('*.c')))
    served = set(re.findall(r'^const struct operation operation_(\w+) =', files, flags=re.M))
    for name in sorted(described ^ served):
        yield f'operation {name}: only in one of lua/stdlib/_meta/operations.lua and core/rollout/operation'
    declared = set(re.findall(r'^function world:(\w+)', (tree / 'spec/_meta/sluice.lua').read_text(), flags=re.M))
    files = ''.join(path.read_text() for path in sorted((tree / 'core/lab/lua').glob('*.c')))
    registered = set(re.findall(r'\{"(\w+)", world_\w+\}', files))
    for path in sorted((tree / 'lua/tool/world').glob('*.lua')):
        registered |= set(re.findall(r'^function methods\.(\w+)', path.read_text(), flags=re.M))
    for name in sorted(declared ^ registered):
        yield f'world:{name}: only in one of spec/_meta/sluice.lua, and core/lab/lua and lua/tool/world'


# What makes markup, or code, of a text that an object may have said; and what would load something from elsewhere.
UNSAFE = re.compile(r'\b(innerHTML|outerHTML|insertAdjacentHTML|document\.write|eval|Function|DOMParser|localStorage'
                    r'|document\.cookie)\b')
INLINE = re.compile(r'<script(?![^>]*\bsrc=)[^>]*>|<style\b|\sstyle=|\son\w+=|javascript:', flags=re.I)
ELSEWHERE = re.compile(r'(?:src|href)="(?:https?:)?/|@import|url\(|(?:from|import\() \'(?!\./)')
SCRIPT_MAX = 300


def web(tree):
    """The page of the dashboard: no script or style in its markup, nothing that makes markup of a text, only relative
    addresses, small files."""
    for path in sorted((tree / 'web').glob('*')):
        text = path.read_text()
        for number, line in enumerate(text.split('\n'), 1):
            found = UNSAFE.search(line) or (path.suffix == '.html' and INLINE.search(line)) or ELSEWHERE.search(line)
            if found:
                yield f'{path}:{number}: {found.group().strip()} has no place in the page'
            if len(line) > COLUMNS_MAX and path.suffix != '.svg':
                yield f'{path}:{number}: {len(line)} columns, at most {COLUMNS_MAX}'
        if text.count('\n') > SCRIPT_MAX:
            yield f'{path}: {text.count(chr(10))} lines, at most {SCRIPT_MAX}'


RULES = {'floors': floors, 'tour': tour, 'mirror': mirror, 'ports': ports, 'citations': citations,
         'banned': banned, 'handwriting': handwriting, 'sizes': sizes, 'bindings': bindings, 'web': web}


def main():
    if len(sys.argv) not in (2, 3) or sys.argv[1] not in RULES:
        sys.exit(f'usage: lint.py {"|".join(RULES)} [TREE]')
    tree = pathlib.Path(sys.argv[2] if len(sys.argv) == 3 else '.')
    found = list(RULES[sys.argv[1]](tree))
    print('\n'.join(found) if found else f'{sys.argv[1]}: nothing found')
    sys.exit(1 if found else 0)


if __name__ == '__main__':
    main()
