#!/usr/bin/env bash
# Lua that a formatter has gone over: @johnnymorganz/stylua 2.5.2, @prettier/plugin-lua 0.0.3 with prettier 3.10.1 and
# lua-format 1.5.2 (npm), luaparser 4.2.0 (PyPI), each result run by Lua 5.1.5 (Debian's lua5.1 5.1.5-9).
#
# Guess: all four keep what a script says; luaparser may lose the parentheses of (f()), as a tree seldom has them.
# Seen: StyLua alone does. Prettier's plugin loses these parentheses, prints (-2)^2 as -2 ^ 2, which is -4, and
# -(-back) as --back, where a comment begins; luaparser makes a comment of - -2, too, and takes ]==] for ]]. lua-format
# keeps all, but with SolveMath, as its page shows it, 1e2 is 1, 3 == 3.0 is false, and the local of an inner block
# takes the place of the outer one. Most of it is read by Lua without a word: the script means something else now.
set -euo pipefail
work=$(mktemp -d)
chmod 755 "$work"
trap 'rm -rf "$work"' EXIT
cd "$work"
apt-get download -q lua5.1=5.1.5-9 liblua5.1-0=5.1.5-9 > apt.log 2>&1
for package in ./*.deb; do dpkg-deb -x "$package" root; done
cat > cases.json <<'JSON'
[
  "local function f() return 1, 2 end return select('#', (f()))",
  "return (-2)^2",
  "return (2^3)^2",
  "return - -2",
  "local back = 2 return -(-back)",
  "return 7-(4-2)",
  "return [==[a]]b]==]",
  "return 1e2 * 2",
  "return 3 == 3.0",
  "local x = 5 do local x = 6 end return x"
]
JSON
npm init --yes > /dev/null
npm install --silent --no-audit --no-fund @johnnymorganz/stylua@2.5.2 @prettier/plugin-lua@0.0.3 prettier@3.10.1 \
  lua-format@1.5.2 > npm.log
python3 -m venv venv
venv/bin/pip install --quiet --disable-pip-version-check luaparser==4.2.0
cat > print.mjs <<'JS'
import { readFileSync, writeFileSync } from 'fs';
import { createRequire } from 'module';
import * as prettier from 'prettier';

const require = createRequire(import.meta.url);
const { Config, OutputVerification, formatCode } = require('@johnnymorganz/stylua/stylua_lib_node.cjs');
const lua = require('@prettier/plugin-lua');
const { Beautify } = require('lua-format');
const tools = {
  stylua: (text) => formatCode(text, Config.new(), undefined, OutputVerification.None),
  prettier: (text) => prettier.format(text, { parser: 'lua', plugins: [lua] }),
  'lua-format': (text) => Beautify(text, { RenameVariables: false, RenameGlobals: false, SolveMath: false }),
  'lua-format, SolveMath': (text) => Beautify(text, { RenameVariables: false, RenameGlobals: false, SolveMath: true }),
};
for (const [tool, print] of Object.entries(tools)) {
  for (const text of require('./cases.json')) {
    const printed = await print(text);
    console.log(JSON.stringify([tool, text, printed]));
  }
}
JS
cat > run.py <<'PY'
import json
import subprocess
import sys

from luaparser import ast

def run(text):
    command = ['root/usr/bin/lua5.1', '-e', 'print(assert(loadstring(io.read("*a")))())']
    told = subprocess.run(command, input=text, capture_output=True, text=True,
                          env={'LD_LIBRARY_PATH': 'root/usr/lib/x86_64-linux-gnu'})
    return told.stdout.strip() or 'nothing' if told.returncode == 0 else 'no Lua'

printed = [json.loads(line) for line in sys.stdin]
for text in json.load(open('cases.json')):
    printed.append(['luaparser', text, ast.to_lua_source(ast.parse(text))])
for tool in dict.fromkeys(tool for tool, _, _ in printed):
    print(tool)
    for _, text, after in (row for row in printed if row[0] == tool):
        if run(after) != run(text):
            print(f'  {text} | {run(text)} | {run(after)}')
PY
node print.mjs > printed
venv/bin/python run.py < printed > seen
cat seen
diff - seen <<'SEEN' || { echo 'it behaves otherwise now' >&2; exit 1; }
stylua
prettier
  local function f() return 1, 2 end return select('#', (f())) | 1 | 2
  return (-2)^2 | 4 | -4
  return - -2 | 2 | nothing
  local back = 2 return -(-back) | 2 | nothing
lua-format
lua-format, SolveMath
  return 1e2 * 2 | 200 | 2
  return 3 == 3.0 | true | false
  local x = 5 do local x = 6 end return x | 5 | 6
luaparser
  return - -2 | 2 | nothing
  return [==[a]]b]==] | a]]b | no Lua
SEEN
echo 'as it was'
