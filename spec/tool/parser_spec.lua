--- The reader of Lua against LuaJIT's own.
local parser = require 'tool.parser'

local function files()
  local found = {}
  for path in io.popen('find lua spec core/script -name "*.lua" | sort'):lines() do
    found[#found + 1] = path
  end
  return found
end

describe('tool.parser', function()
  it('reads all Lua of this repository', function()
    assert.is_true(#files() > 80)
    for _, path in ipairs(files()) do
      local file = assert(io.open(path))
      local ok, fault = pcall(parser.parse, file:read '*a')
      file:close()
      assert.is_true(ok, not ok and ('%s:%d:%d: %s'):format(path, fault.line, fault.column, fault.text))
    end
  end)

  it('reads what is rare', function()
    for _, text in ipairs { 'a = [==[ ]] ]==]', "a = '\\x41\\z  \n b\\065\\\n'", 'a = 0x1p4 + 1e-3 + .5 + 3. + 5LL',
      'a.b["c"]:d{}"x"[5].e = 1', 'a, b.c = 1, 2', 'goto x ::x::', 'repeat local y until y', '#!/bin/lua\nreturn',
      'function a.b:c(...) return ... end', 'for i = 1, 2 do break end', '-- [[ x\n--[[ y\n]] return;', 'a = -2 ^ - 2',
      'local a <const> = 1', 'a = 0b101 + 0B11LL + 1LLU + 2uLl + 3i', 'a = 0b102', 'a = 1LUL',
      'local goto = 1 return goto.goto', 'goto = function(goto) goto() end goto x ::x::', 'goto 1',
      '\239\187\191return' } do
      local lua = loadstring(text:gsub('^#[^\n]*', '')) ~= nil
      local ours, fault = pcall(parser.parse, text)
      assert.equal(lua, ours, text .. ': ' .. (ours and 'read' or tostring(fault.text or fault)))
    end
  end)

  it('reads no text that LuaJIT does not read, cut anywhere', function()
    local file = assert(io.open 'lua/stdlib/steps.lua')
    local text = file:read '*a'
    file:close()
    for at = 1, #text, 7 do
      local cut = text:sub(1, at)
      assert.equal(loadstring(cut) ~= nil, (pcall(parser.parse, cut)), cut:sub(-60))
    end
  end)

  it('binds names to their variables', function()
    local block = parser.parse 'local a = 1\ndo local a = 2 b = a end\nc = a\nfor a in a do d = a end'
    local inner, outer = block[2].body[2].values[1], block[3].values[1]
    assert.equal(2, inner.variable.value.value)
    assert.equal(1, outer.variable.value.value)
    assert.is_nil(block[3].targets[1].variable)
    assert.equal(outer.variable, block[4].values[1].variable)
    assert.not_equal(outer.variable, block[4].body[1].values[1].variable)
  end)
end)
