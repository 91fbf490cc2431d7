#!/usr/bin/env bash
# Lua as Argo CD's health scripts and resource actions have it, gopher-lua 1.1.1 (Go), and Lua 5.1.5 (Debian's
# lua5.1 5.1.5-9). Both call themselves Lua 5.1.
#
# Guess: the same texts of numbers, the same numbers of texts, the same dates.
# Seen: in gopher-lua math.huge is the largest finite number, infinity is not equal to it and is written +Inf;
# tonumber('1e1') is nil, though 1e1 is a number in the source; whole numbers keep all digits and others get 17
# instead of 14; %a of os.date is the word "mon" on every day, and yday begins at 0; the frontier of patterns matches
# nothing. A health script that is tried with lua5.1 before it goes to argocd-cm may say another word there.
set -euo pipefail
work=$(mktemp -d)
chmod 755 "$work"
trap 'rm -rf "$work"' EXIT
cd "$work"
apt-get download -q lua5.1=5.1.5-9 liblua5.1-0=5.1.5-9 > apt.log 2>&1
for package in ./*.deb; do dpkg-deb -x "$package" root; done
cat > main.go <<'GO'
package main

import (
	"os"

	lua "github.com/yuin/gopher-lua"
)

func main() {
	state := lua.NewState()
	defer state.Close()
	if err := state.DoFile(os.Args[1]); err != nil {
		panic(err)
	}
}
GO
cat > go.mod <<'MOD'
module probe

go 1.24

require github.com/yuin/gopher-lua v1.1.1
MOD
cat > probe.lua <<'LUA'
print('infinity', 1 / 0, 1 / 0 == math.huge)
print('1e1', 1e1, tonumber('1e1'), tonumber('0x10'))
print('10^15', 1e15, 100 / 3)
print('1970-01-01', os.date('!%a %j', 0), os.date('!*t', 0).yday)
print('frontier', (('a quick fox'):match('%f[%a]q%a+')))
LUA
go mod tidy 2> /dev/null
{
  echo 'gopher-lua'
  go run . probe.lua
  echo 'lua5.1'
  LD_LIBRARY_PATH=$(dirname "$(find root -name 'liblua5.1.so.0')") root/usr/bin/lua5.1 probe.lua
} | tr '\t' ' ' > seen
cat seen
diff - seen <<'SEEN' || { echo 'it behaves otherwise now' >&2; exit 1; }
gopher-lua
infinity +Inf false
1e1 10 nil 16
10^15 1000000000000000 33.333333333333336
1970-01-01 mon %j 0
frontier nil
lua5.1
infinity inf true
1e1 10 10 16
10^15 1e+15 33.333333333333
1970-01-01 Thu 001 1
frontier quick
SEEN
echo 'as it was'
