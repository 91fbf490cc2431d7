--- Graphite's render API: the query is the URL's own query, and the last point that has a value counts.
local adapter = require 'stdlib.adapter'
local go_format = require 'stdlib.go_format'
local provider = require 'stdlib.provider'

local ONLINE = 'target=test'

--- The parameters in the order of their names, as Go writes them; of one name in their own order. A pair with a
--- semicolon or half an escape is dropped, as there.
local function parameters_of(query)
  local names, values = {}, {}
  for pair in query:gsub('#.*$', ''):gmatch '[^&]+' do
    local name, value = pair:match '^([^=]*)=?(.*)$'
    if not pair:find(';', 1, true) and not pair:gsub('%%%x%x', ''):find('%', 1, true) then
      name = adapter.unescape(name)
      if not values[name] then
        names[#names + 1], values[name] = name, {}
      end
      values[name][#values[name] + 1] = adapter.unescape(value)
    end
  end
  if not values.format then
    names[#names + 1] = 'format'
  end
  values.format = { 'json' }
  table.sort(names)
  local all = {}
  for _, name in ipairs(names) do
    for _, value in ipairs(values[name]) do
      all[#all + 1] = { name, value }
    end
  end
  return adapter.parameters(all)
end

--- As Go prints what JSON says in a list of anything.
local function shown(value)
  if type(value) == 'number' then
    return go_format.number(value)
  elseif value == adapter.json.null then
    return '<nil>'
  elseif type(value) ~= 'table' then
    return tostring(value)
  end
  local parts = {}
  for i, part in ipairs(value) do
    parts[i] = shown(part)
  end
  return '[' .. table.concat(parts, ' ') .. ']'
end

--- The value of a point; nil without one, or nil and what is wrong with it.
local function value_of(point)
  if type(point) ~= 'table' or #point ~= 2 then
    return nil, 'error unmarshaling data point: ' .. provider.shown(shown(point))
  elseif point[1] == adapter.json.null then
    return nil
  elseif type(point[1]) == 'string' then
    return provider.parse_float(point[1])
  elseif type(point[1]) ~= 'number' then
    return nil, 'error unmarshaling value: ' .. tostring(point[1])
  end
  local problem = provider.number_problem(point[1], 'Go struct field graphiteTargetResp.datapoints')
  return not problem and point[1] or nil, problem
end

--- The last value of all targets.
local function last_of(targets)
  local last
  for _, target in ipairs(targets) do
    local points = type(target) == 'table' and provider.list(target.datapoints)
    if not points then
      return nil, 'a list of targets with datapoints is wanted'
    end
    for _, point in ipairs(points) do
      local value, problem = value_of(point)
      if problem then
        return nil, problem
      end
      last = value or last
    end
  end
  return last
end

return adapter {
  name = 'graphite',

  request = function(ask)
    local base, problem = provider.base_url(ask)
    local authorization
    if base and ask.secret then
      authorization, problem = provider.login(ask)
    end
    if problem then
      return provider.unusable(problem)
    end
    local query = ask.online and ONLINE or provider.in_one_line(ask.query)
    return {
      url = base.root .. '/render?' .. parameters_of(query),
      headers = { Authorization = authorization },
      insecure = ask.insecure,
    }
  end,

  answer = function(ask, response)
    local targets, said = provider.body(response, provider.unless_below_400(function(_, text)
      return 'error response: ' .. text
    end), 'graphiteResponse', true)
    if targets then
      local value, problem = last_of(targets)
      if problem then
        said = { error = ("error unmarshaling result: %s, '%s'"):format(problem, provider.shown(response.body)) }
      else
        said = value and { value = value } or provider.nothing()
      end
    end
    if not ask.online then
      return said
    end
    return (said.error and not said.none) and provider.offline(said) or { online = true }
  end,
}
