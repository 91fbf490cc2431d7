--- Faults of a script: raised at the script's own line, wherever in stdlib they are found.
local host = require 'host'

local M = {}

--- Raises at the script's line; does not return.
---@param problem string
function M.raise(problem)
  error(host.place_of_script() .. problem, 0)
end

--- Raises at the line of a field of a definition; does not return. `return strategy { … }` is a call in tail position,
--- so the line is looked for in the text of the module that is loading.
---@param word string 'strategy'
---@param field string? nil: the definition as a whole
---@param problem string
function M.raise_in_definition(word, field, problem)
  local name, text = host.loading()
  if not name then
    return M.raise(problem)
  end
  local at = 1
  for from in ('\n' .. text):gmatch('()\n%s*return[^\n]*%f[%w_]' .. word .. '%f[^%w_]') do
    at = from
  end
  at = text:find('%f[%w_]' .. word .. '%f[^%w_]', at) or at
  at = field and text:find('%f[%w_]' .. field .. '%f[^%w_]%s*=[^=]', at) or at
  local _, lines = text:sub(1, at - 1):gsub('\n', '')
  error(string.format('%s.lua:%d: %s', name:gsub('%.', '/'), lines + 1, problem), 0)
end

--- 'there is no word "shfit", known are shift, wait, …', the nearest first, each once.
---@param what string 'word', 'option'
---@param name any
---@param known string[]
---@return string
function M.unknown(what, name, known)
  local names, last = {}, nil
  for _, one in ipairs(host.nearest(name, known)) do
    names[#names + 1] = one ~= last and one or nil -- those that are the same are as near
    last = one
  end
  return string.format('there is no %s "%s", known are %s', what, tostring(name), table.concat(names, ', '))
end

return M
