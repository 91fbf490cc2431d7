--- Discord: its webhook takes Slack's form when the path ends with /slack.
local adapter = require 'stdlib.adapter'
local chat = require 'stdlib.chat'

local FORM = '/slack'

--- The path without empty and relative parts, as Go's path.Join leaves it.
local function clean(path)
  local parts = {}
  for part in path:gmatch '[^/]+' do
    if part == '..' then
      parts[#parts] = nil
    elseif part ~= '.' then
      parts[#parts + 1] = part
    end
  end
  return #parts > 0 and '/' .. table.concat(parts, '/') or ''
end

local function in_slacks_form(address)
  if address:sub(-#FORM) == FORM then
    return address
  end
  local root, path, rest = address:match '^(%a[%w+.-]*://[^/?#]*)([^?#]*)(.*)$'
  return (root or '') .. clean(path or address) .. FORM .. (rest or '')
end

return adapter {
  name = 'discord',
  request = function(ask)
    return chat.problem(ask, 'Discord hook', 'Discord')
      or chat.post(ask, chat.attachment(ask, chat.colour(ask, 'good', 'danger')), { url = in_slacks_form(ask.address) })
  end,
  answer = chat.answer,
}
