--- Texts of JSON that a server may send, and values that an adapter may write, for lua-cjson and for our own writer.
local DECODE = [[
    local value, problem = require('stdlib.adapter').json.decode(response.body)
    return { value = type(value) == 'table' and 'a table' or type(value) .. ' ' .. tostring(value), error = problem }]]

local function text(what, body, tells)
  return { what, DECODE, responses = { { body = body } }, tells = tells }
end

local function bytes(what, hex, tells)
  return { what, DECODE, responses = { { hex = hex } }, tells = tells }
end

--- What is written of a value that is made in Lua; where it is refused, why.
local function written(what, make, tells)
  return { what, make .. [[

    local ok, text = pcall(require('stdlib.adapter').json.encode, it)
    return { value = (ok and 'written ' or 'refused ') .. text:sub(1, 200) }]], tells = tells }
end

return {
  door = 'an adapter',

  text('nothing', '', 'nil'),
  text('blanks', (' '):rep(100000), 'nil'),
  text('lists in lists', ('['):rep(100000) .. (']'):rep(100000), 'nil'),
  text('64 levels', ('['):rep(64) .. (']'):rep(64), 'a table'),
  text('65 levels', ('['):rep(65) .. (']'):rep(65), 'nil'),
  text('objects in objects', ('{"a":'):rep(100000) .. '1' .. ('}'):rep(100000), 'nil'),
  text('beginnings of lists', ('['):rep(500000), 'nil'),
  text('beginnings of objects', ('{"":'):rep(200000), 'nil'),
  text('100,000 lists', '[' .. ('[],'):rep(100000) .. '[]]', 'a table'),
  { '300,000 lists', DECODE, responses = { { body = '[' .. ('[],'):rep(300000) .. '[]]' } }, stopped = 'limit' },
  text('200,000 objects', '[' .. ('{},'):rep(200000) .. '{}]', 'a table'),
  text('100,000 names', '{' .. (function()
    local parts = {}
    for i = 1, 100000 do
      parts[i] = ('"%x":1'):format(i)
    end
    return table.concat(parts, ',')
  end)() .. '}', 'a table'),
  text('one name 100,000 times', '{' .. ('"a":1,'):rep(90000) .. '"a":2}', 'a table'),
  text('half a million numbers', '[' .. ('1,'):rep(500000) .. '1]', 'a table'),
  text('a text of a megabyte', '"' .. ('x'):rep(1000000) .. '"', 'string xxx'),
  text('a text of escapes', '"' .. ('\\u0041'):rep(100000) .. '"', 'string AAAA'),
  text('a number of 100,000 digits', ('9'):rep(100000), 'number inf'),
  text('a number beyond all', '[1e999999999]', 'a table'),
  text('a number below all', '[1e-999999999]', 'a table'),
  text('a number without digits', '-', 'nil'),
  text('a number of C', '0x7fffffff', 'nil'),
  text('what is no number', 'NaN', 'nil'),
  text('what has no end', '[Infinity]', 'nil'),
  text('numbers that begin with 0', '[007]', 'nil'),
  text('a NUL in a text', '"a\\u0000b"', 'string a'),
  text('a NUL in a name', '{"a\\u0000b":1}', 'a table'),
  text('half a pair', '"\\ud800"', 'nil'),
  text('the wrong half of a pair', '"\\udc00\\ud800"', 'nil'),
  text('a pair', '"\\ud83d\\ude00"', '\240\159\152\128'),
  text('an escape that is none', '"\\x41"', 'nil'),
  text('an escape without an end', '"\\u12', 'nil'),
  text('a text without an end', '"abc', 'nil'),
  text('a list without an end', '[1,', 'nil'),
  text('more than one value', '1 2', 'nil'),
  text('a comment', '/* x */ 1', 'nil'),
  text('a call', 'print(1)', 'nil'),
  text('names of metamethods', '{"__index":1,"__gc":1,"__metatable":1,"__tostring":1}', 'a table'),
  bytes('a byte order mark', 'efbbbf31', 'nil'),
  bytes('UTF-16', 'fffe31003200', 'nil'),
  { 'bytes that are no text', DECODE, responses = { { hex = '22fffe22' } }, raised = 'a string that is not UTF-8' },
  bytes('a NUL', '3100', 'nil'),
  bytes('NULs', ('00'):rep(10000), 'nil'),

  { 'text after text', [[
    local json = require('stdlib.adapter').json
    while true do json.decode('[' .. ('{},'):rep(1000) .. '{}]') end]], stopped = 'time' },
  { 'text after text, all kept', [[
    local json, kept = require('stdlib.adapter').json, {}
    while true do kept[#kept + 1] = json.decode('[' .. ('{},'):rep(1000) .. '{}]') end]], stopped = 'limit' },
  { 'a megabyte that becomes twenty, again and again', [[
    local json, kept = require('stdlib.adapter').json, {}
    for i = 1, 100 do pcall(function() kept[i] = json.decode(response.body) end) end]],
    responses = { { body = '[' .. ('[],'):rep(300000) .. '[]]' } }, stopped = 'limit' },
  { 'what is no text', [[
    local json = require('stdlib.adapter').json
    for _, it in ipairs { {}, print, true, 1LL, coroutine.create(print) } do assert(not pcall(json.decode, it)) end
    assert(not pcall(json.decode))
    return { value = 'refused' }]], tells = 'refused' },
  { 'null', "return { value = require('stdlib.adapter').json.decode 'null' == require('stdlib.adapter').json.null }",
    tells = 'true' },

  written('a table that contains itself', 'local it = {} it.it = it', 'refused json.it.it'),
  written('a table of a thousand levels', 'local it = {} for _ = 1, 1000 do it = { it } end', 'refused json[1][1]'),
  written('a table that contains one table a million times',
    "local it = { 'x' } for _ = 1, 20 do it = { it, it } end", 'more than 20000 values'),
  written('a text of two megabytes', "local it = { ('x'):rep(2 ^ 20), ('y'):rep(2 ^ 20) }", 'refused'),
  written('a text that grows when it is written', "local it = ('\\1'):rep(1000000)",
    'refused json: a text above 1 MiB'),
  written('a number that is none', 'local it = { n = 0 / 0 }', 'refused json.n: NaN'),
  written('a number without an end', 'local it = { -1 / 0 }', 'infinity has no place'),
  written('a number of 64 bits', 'local it = { 1LL }', 'a cdata has no place'),
  written('a function', 'local it = { f = print }', 'a function has no place'),
  written('a coroutine', 'local it = coroutine.create(print)', 'a thread has no place'),
  written('bytes that are no text', "local it = '\\255'", 'not UTF-8'),
  written('a name that is a table', 'local it = { [{}] = 1 }', 'neither a list'),
  written('a list with holes', 'local it = { 1, nil, 3 }', 'neither a list'),
  written('a list that is huge', 'local it = { [2 ^ 53] = 1 }', 'neither a list'),
  written('metamethods', 'local it = setmetatable({ a = 1 }, { __index = error, __pairs = error, __tojson = error, '
    .. '__tostring = error, __len = error })', 'written {"a":1}'),
  written('a module', "local it = require 'stdlib.adapter'", 'written {}'),
}
