#!/usr/bin/env python3
"""What an editor is given to complete words by (CMakeLists.txt, "What `sluice new` writes") stands alone: it has each
class that it names, and it can tell what each of its modules gives. Usage: addon.py [TREE]"""
import pathlib
import re
import sys

ANNOTATIONS = ('lua/addon/words.lua', 'spec/_meta/sluice.lua')
CLASS = re.compile(r'\b(?:sluice\.\w+|[A-Z]\w+)\b')


def library(tree):
    """The annotations, and the public modules, which are their own."""
    prelude = (tree / 'core/script/prelude.lua').read_text()
    lines = re.findall(r"^  (?:\['stdlib\.\w+'\] = true,|public\[.*)$", prelude, flags=re.M)
    modules = re.findall(r"'stdlib\.(\w+)'", '\n'.join(lines))
    return [tree / path for path in ANNOTATIONS] + [tree / f'lua/stdlib/{module}.lua' for module in modules]


def without_texts(kind):
    """A type without the texts that are values of it: 'GET'|'POST'."""
    return re.sub(r"'[^']*'", '', kind)


def head(text):
    """The type that `text` begins with; what it is follows behind a blank."""
    depth = 0
    for at, letter in enumerate(text):
        depth += {'{': 1, '(': 1, '<': 1, '}': -1, ')': -1, '>': -1}.get(letter, 0)
        if letter == ' ' and depth == 0 and text[at - 1] not in ':,|':
            return text[:at]
    return text


def named(line):
    """The classes that an annotation names."""
    tag = re.match(r'---@(\w+) (.*)', line)
    if tag is None:
        return []
    tag, text = tag.groups()
    if tag in ('param', 'field', 'alias'):
        text = text.partition(' ')[2]
    elif tag == 'class':
        text = text.partition(':')[2].strip() if re.match(r'[\w.]+:', text) else ''
    elif tag not in ('return', 'type', 'overload'):
        return []
    return CLASS.findall(without_texts(head(text)))


def gives_what_is_known(text):
    """False: the value of the module comes from one that the editor has not, and nothing says what it is."""
    given = re.findall(r'^return (?:setmetatable\()?(\w+)[,)\n]', text, flags=re.M)
    return bool(given) and re.search(rf'^local {given[-1]} = \{{\}}|^---@type .*\nlocal {given[-1]} = ', text,
                                     flags=re.M) is not None


def addon(tree):
    files = library(tree)
    texts = {path: path.read_text() for path in files}
    known = set(re.findall(r'^---@(?:class|alias) ([\w.]+)', '\n'.join(texts.values()), flags=re.M))
    for path, text in texts.items():
        for number, line in enumerate(text.split('\n'), 1):
            for name in named(line):
                if name not in known:
                    yield f'{path}:{number}: no file of the addon has the class {name}'
        if path.parent.name == 'stdlib' and not gives_what_is_known(text):
            yield f'{path}: an editor cannot tell what the module gives; ---@type above the local that is returned'


def main():
    found = list(addon(pathlib.Path(sys.argv[1] if len(sys.argv) == 2 else '.')))
    print('\n'.join(found) if found else 'addon: nothing found')
    sys.exit(1 if found else 0)


if __name__ == '__main__':
    main()
