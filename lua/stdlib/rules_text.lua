--- Rules of a match for people: 'x-ring: insider', 'cookie ~ ^(.*?;)?(canary=always)(;.*)?$ or user-agent: Curl*'.
local keys = require 'stdlib.keys'

local M = {}

local SHOWN_MAX = 120

local FORMS = { exact = '%s: %s', prefix = '%s: %s*', suffix = '%s: *%s', regex = '%s ~ %s' }

--- What a part of a rule is compared with; `name` is of a header, or of the part itself, such as 'uri'.
local function compared(name, value)
  if type(value) == 'string' then
    return FORMS.exact:format(name, value)
  end
  for _, form in ipairs(keys.sorted(type(value) == 'table' and value or {})) do
    if FORMS[form] and type(value[form]) == 'string' then
      return FORMS[form]:format(name, value[form])
    end
  end
  return tostring(name)
end

local NAMED = { headers = true, queryParams = true, sourceLabels = true, withoutHeaders = true }

local function rule_text(rule)
  local parts = {}
  for _, field in ipairs(keys.sorted(rule)) do
    local value = rule[field]
    for _, name in ipairs(NAMED[field] and type(value) == 'table' and keys.sorted(value) or {}) do
      parts[#parts + 1] = (field == 'withoutHeaders' and 'not ' or '') .. compared(name, value[name])
    end
    if not NAMED[field] then
      parts[#parts + 1] = compared(field, value)
    end
  end
  return table.concat(parts, ', ')
end

---@param rules table[]
---@return string at most some hundred bytes
function M.of(rules)
  local texts = {}
  for i, rule in ipairs(rules) do
    texts[i] = type(rule) == 'table' and rule_text(rule) or tostring(rule)
  end
  local text = table.concat(texts, ' or ')
  if #text > SHOWN_MAX then
    text = text:sub(1, SHOWN_MAX):gsub('[\192-\255]?[\128-\191]*$', '') .. '…'
  end
  return text
end

return M
