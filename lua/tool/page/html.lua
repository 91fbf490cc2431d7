--- Elements of HTML and SVG as text, in which nothing that was said by an object can become markup.
---
---     html.element('p', { class = 'note' }, 'a < b', html.element('br'))     --> <p class="note">a &lt; b<br></p>
---
--- A child that is a text is escaped; one that another call has made is taken as it is.
local keys = require 'stdlib.keys'
local readable = require 'tool.readable'

local M = {}

---@class Html
---@field html string

local ENTITIES = { ['&'] = '&amp;', ['<'] = '&lt;', ['>'] = '&gt;', ['"'] = '&quot;', ["'"] = '&#39;' }

--- Elements that have no end.
local VOID = { br = true, meta = true }

---@param text string
---@return string
function M.escape(text)
  return (readable(text):gsub('[&<>"\']', ENTITIES))
end

--- Markup as it is: for texts of this folder alone.
---@param text string
---@return Html
function M.raw(text)
  return { html = text }
end

--- Attributes in the order of their names, so that the same page is the same text.
local function write_attributes(attributes)
  local parts = {}
  for i, name in ipairs(keys.sorted(attributes)) do
    local value = attributes[name]
    parts[i] = value == true and ' ' .. name
      or value == false and ''
      or (' %s="%s"'):format(name, M.escape(tostring(value)))
  end
  return table.concat(parts)
end

local function write_children(children, parts)
  for _, child in ipairs(children) do
    if type(child) ~= 'table' then
      parts[#parts + 1] = M.escape(tostring(child))
    elseif child.html then
      parts[#parts + 1] = child.html
    else
      write_children(child, parts)
    end
  end
end

---@param name string
---@param attributes table<string, string|number|boolean>? false leaves one out, true gives it without a value
---@param ... Html|string|number|table children, or lists of them
---@return Html
function M.element(name, attributes, ...)
  local parts = { '<', name, write_attributes(attributes or {}), '>' }
  write_children({ ... }, parts)
  if not VOID[name] then
    parts[#parts + 1] = ('</%s>'):format(name)
  end
  return { html = table.concat(parts) }
end

return M
