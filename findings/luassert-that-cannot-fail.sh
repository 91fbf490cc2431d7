#!/usr/bin/env bash
# Assertions of luassert, busted's, in Debian's lua-luassert 1.9.0-1 (with lua-say 1.4.1-2 and lua5.1 5.1.5-9), with a
# text behind them that says which case it was.
#
# Guess: such a text is told where the assertion fails, and changes nothing else; an error is compared with what was
# raised; without a value is_nil complains as equal does; same asks __eq.
# Seen: not_matches takes a text that is a number, '404' say, for the place to look from, so it can never fail;
# has_no_error takes it for the error that must not come, and passes on every other. has_error cuts a place off what
# was raised, also where the text itself begins so. is_nil() passes, and same calls two values different whose __eq
# says that they are equal. Cases in a table, named by a status or a query, are tested by nothing: label them by the
# value that is compared.
set -euo pipefail
work=$(mktemp -d)
chmod 755 "$work"
trap 'rm -rf "$work"' EXIT
cd "$work"
apt-get download -q lua-luassert=1.9.0-1 lua-say=1.4.1-2 lua5.1=5.1.5-9 liblua5.1-0=5.1.5-9 > apt.log 2>&1
for package in ./*.deb; do dpkg-deb -x "$package" root; done
cat > probe.lua <<'LUA'
local assert = require 'luassert'

local function try(name, assertion, ...)
  print(name, pcall(assertion, ...) and 'passes' or 'fails')
end

local function fail()
  error 'out of reach'
end

local function fail_without_place()
  error('shop:8080: out of reach', 0)
end

local equal = { __eq = function() return true end }
local one, other = setmetatable({ at = 1 }, equal), setmetatable({ at = 2 }, equal)

try("not_matches('bad', 'bad gateway')", assert.not_matches, 'bad', 'bad gateway')
try("not_matches('bad', 'bad gateway', 'a case')", assert.not_matches, 'bad', 'bad gateway', 'a case')
try("not_matches('bad', 'bad gateway', '404')", assert.not_matches, 'bad', 'bad gateway', '404')
try("matches('bad', 'bad gateway', '404')", assert.matches, 'bad', 'bad gateway', '404')
try('has_no_error(fail)', assert.has_no_error, fail)
try("has_no_error(fail, 'a case')", assert.has_no_error, fail, 'a case')
try("has_error(fail, 'out of reach')", assert.has_error, fail, 'out of reach')
try("has_error(fail_without_place, 'shop:8080: out of reach')", assert.has_error, fail_without_place,
  'shop:8080: out of reach')
try('is_nil()', assert.is_nil)
try('equal(nil)', assert.equal, nil)
try('equal(one, other)', assert.equal, one, other)
try('same(one, other)', assert.same, one, other)
LUA
LUA_PATH='root/usr/share/lua/5.1/?.lua;root/usr/share/lua/5.1/?/init.lua' \
  LD_LIBRARY_PATH=root/usr/lib/x86_64-linux-gnu root/usr/bin/lua5.1 probe.lua | tr '\t' ' ' > seen
cat seen
diff - seen <<'SEEN' || { echo 'it behaves otherwise now' >&2; exit 1; }
not_matches('bad', 'bad gateway') fails
not_matches('bad', 'bad gateway', 'a case') fails
not_matches('bad', 'bad gateway', '404') passes
matches('bad', 'bad gateway', '404') fails
has_no_error(fail) fails
has_no_error(fail, 'a case') passes
has_error(fail, 'out of reach') passes
has_error(fail_without_place, 'shop:8080: out of reach') fails
is_nil() passes
equal(nil) fails
equal(one, other) passes
same(one, other) fails
SEEN
echo 'as it was'
