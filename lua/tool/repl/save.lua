--- save FILE: what was done here, as a spec for `sluice test` or as a scenario. The file is played before it is left:
--- what it expects is what came of it, and one that does not hold is not kept.
local console = require 'tool.console'
local sluice = require 'sluice'

local M = {}

local function problem(format, ...)
  error({ problem = format:format(...) }, 0)
end

-- Paths and times -------------------------------------------------------------------------------

--- The scenario as it is seen from the folder of the file. `here`: the folder that both paths are seen from.
local function seen_from(file, scenario, here)
  local folder = file:match '^(.*)/[^/]*$'
  if not folder or scenario:sub(1, 1) == '/' then
    return scenario
  elseif folder:sub(1, 1) == '/' or folder:find '%.%.' then
    return here .. '/' .. scenario
  elseif scenario:sub(1, #folder + 1) == folder .. '/' then
    return scenario:sub(#folder + 2)
  end
  return ('../'):rep(select(2, folder:gsub('[^/]+', ''))) .. scenario
end

local function duration(ms)
  if ms % 60000 == 0 then
    return ("'%dm'"):format(ms / 60000)
  elseif ms % 1000 == 0 then
    return ("'%ds'"):format(ms / 1000)
  end
  return ('%d'):format(ms)
end

--- 'podinfo:2', as a script says it.
local function quoted(text)
  return "'" .. text:gsub("[\\']", '\\%0'):gsub('\n', '\\n') .. "'"
end

-- A spec ----------------------------------------------------------------------------------------

--- Lines of Lua that do what was done.
local function acts_of(session)
  local lines, now = {}, nil
  for _, done in ipairs(session.done) do
    if done.kind == 'deploy' then
      lines[#lines + 1] = done.canary and ('world:deploy(%s, %s)'):format(quoted(done.image), quoted(done.canary))
        or 'world:deploy ' .. quoted(done.image)
    elseif done.kind == 'lua' then
      lines[#lines + 1] = done.text
    elseif done.ms > done.began_ms then
      lines[#lines + 1] = ('world:run(%s) -- %s'):format(duration(done.ms - done.began_ms), done.text:match '^[^\n]*')
    end
    now = done.ms
  end
  return lines, now
end

--- The texts of events that were waited for.
local function texts_of(session)
  local texts = {}
  for _, done in ipairs(session.done) do
    texts[#texts + 1] = done.told
  end
  return texts
end

--- Plays the acts in a copy of the process; what has come of it.
local function play(session, lines)
  local chunk, wrong = loadstring('local world = ...\n' .. table.concat(lines, '\n'), '=save')
  if not chunk then
    problem('save: %s', wrong)
  end
  local text = sluice.fork(function()
    local world = sluice.world(session.file)
    local ok, raised = pcall(chunk, world)
    if not ok then
      return console.encode { problem = tostring(raised) }
    end
    local told = {}
    for _, part in ipairs(texts_of(session)) do
      local count = world:told(part)
      told[#told + 1] = count > 0 and { text = part, count = count } or nil -- else it was gone back from
    end
    local key = session:key()
    return console.encode { name = key, phase = world:phase(key), weight = world:weight(key),
      primary = world:primary(key), told = told, several = #session.kept.canaries > 1 }
  end)
  local got = console.decode(text)
  if got.problem then
    problem('save: what was done here cannot be done by a spec: %s', got.problem)
  end
  return got
end

local function expectations(got)
  local lines = {}
  for _, told in ipairs(got.told) do
    lines[#lines + 1] = ('assert.is_true(world:told %s > 0)'):format(quoted(told.text))
  end
  local of = got.several and quoted(got.name) or ''
  lines[#lines + 1] = ('assert.equal(%s, world:phase(%s))'):format(quoted(got.phase), of)
  lines[#lines + 1] = ('assert.equal(%d, world:weight(%s))'):format(got.weight, of)
  lines[#lines + 1] = got.primary and ('assert.equal(%s, world:primary(%s))'):format(quoted(got.primary), of) or nil
  return lines
end

local function indented(lines)
  local texts = {}
  for _, line in ipairs(lines) do
    texts[#texts + 1] = '    ' .. line:gsub('\n', '\n    ')
  end
  return table.concat(texts, '\n')
end

local function spec_text(file, session, acts, got, tag)
  local name = file:match '([^/]*)_spec%.lua$'
  local scenario = seen_from(file, session.file, session.folder)
  return ([[
-- Walked through with sluice repl.
local sluice = require 'sluice'

describe(%s, function()
  it('goes as it was walked through%s', function()
    local world = sluice.world %s
%s
%s
  end)
end)
]]):format(quoted(name), tag, quoted(scenario), indented(acts), indented(expectations(got)))
end

local function write(file, text)
  local out, wrong = io.open(file, 'w')
  if not out then
    problem('save: %s', wrong)
  end
  local ok = out:write(text)
  ok = out:close() and ok
  if not ok then
    problem('save: %s cannot be written', file)
  end
end

--- Runs the file as `sluice test` does, in a copy of the process that tells nothing.
local function passes(file, kills)
  return sluice.fork(function()
    io.output '/dev/null'
    local result = require 'tool.runner'.run { files = { file }, kills = kills }
    return result.status == 0 and 'passes' or 'fails'
  end) == 'passes'
end

local function save_spec(session, file)
  local acts = acts_of(session)
  local got = play(session, acts)
  for _, tag in ipairs { '', ' #no-kills' } do
    write(file, spec_text(file, session, acts, got, tag))
    if passes(file, tag == '') then
      return tag
    end
  end
  os.remove(file)
  problem('save: what was done here does not come to the same as a spec')
end

-- A scenario ------------------------------------------------------------------------------------

local DROPPED = { acts = true, ['end'] = true, expect = true, faults = true, title = true, description = true }

--- The sections of the scenario that say what is there at first, as they are written.
local function sections_of(path)
  local file = io.open(path) or problem('save: %s cannot be read any more', path)
  local text, keeps, lines = file:read '*a', true, {}
  file:close()
  for line in (text:gsub('\n?$', '\n')):gmatch '(.-)\n' do
    local key = line:match '^([%a_]+):'
    if key then
      keeps = not DROPPED[key]
    end
    if keeps and (key or not line:find '^#') then
      lines[#lines + 1] = line
    end
  end
  return table.concat(lines, '\n')
end

local acts = {}

function acts.deploy(session, done)
  local object = session.world:canary(done.canary)
  local target = object.spec.targetRef
  local workload = session.world:get('deployments.apps', object.metadata.namespace, target.name)
  return { setImage = { namespace = object.metadata.namespace, name = target.name,
    container = workload.spec.template.spec.containers[1].name, image = done.image } }
end

local methods = {}

function methods.version(image, how)
  return { versions = { [image] = { errors = how.errors and ('%g%%'):format(how.errors * 100),
    latency = how.latency_ms and ('%gms'):format(how.latency_ms),
    p99 = how.latency_p99_ms and ('%gms'):format(how.latency_p99_ms),
    ready = how.ready_ms and (how.ready_ms < 0 and 'never' or ('%gms'):format(how.ready_ms)) } } }
end

function methods.traffic(host, per_second, headers)
  return { traffic = sluice.list { { host = host, perSecond = per_second, headers = headers } } }
end

function methods.blind(is_blind)
  return is_blind and { faults = sluice.list { { prometheus = { blind = true } } } } or nil
end

function methods.answer(text, value)
  return value and { faults = sluice.list { { prometheus = { answers = { [text] = value } } } } } or nil
end

function methods.delete(kind, namespace, name)
  return { delete = { kind = kind, namespace = namespace, name = name } }
end

function methods.patch(kind, namespace, name, patch)
  return { patch = { kind = kind, namespace = namespace, name = name, merge = patch } }
end

function methods.kill_engine()
  return { faults = sluice.list { { engine = 'down', ['for'] = '1s' } } }
end

local function clock(ms)
  return ms % 1000 == 0 and ('%ds'):format(ms / 1000) or ('%dms'):format(ms)
end

--- What people and the world did, in order.
local function scenario_acts(session)
  local list = sluice.list {}
  for _, done in ipairs(session.done) do
    if done.kind == 'deploy' then
      local act = acts.deploy(session, done)
      act.at = clock(done.pushed_ms)
      list[#list + 1] = act
    end
    for _, call in ipairs(done.calls or {}) do
      local say = methods[call.name]
      local act = say and say(unpack(call.args, 1, call.args.n))
      if not act then
        problem('save: a scenario cannot say world:%s(…); a spec can: save NAME_spec.lua', call.name)
      end
      act.at = clock(call.at + 1) -- behind what happened at that moment
      list[#list + 1] = act
    end
  end
  return list
end

local function scenario_text(file, session, got, ends_ms)
  local lines = { 'title: ' .. console.encode({ file:match '([^/]*)%.ya?ml$' }):sub(2, -2),
    'description: Walked through with sluice repl.', sections_of(session.file), '', 'acts:' }
  for _, act in ipairs(scenario_acts(session)) do
    lines[#lines + 1] = '  - ' .. console.encode(act)
  end
  lines[#lines + 1] = ''
  local is_over = got.phase == 'Succeeded' or got.phase == 'Failed'
  lines[#lines + 1] = is_over and ('end: {when: {canary: %s, phase: %s}, after: 2s}'):format(got.name, got.phase)
    or ('end: {at: %s}'):format(clock(ends_ms + 1))
  lines[#lines + 1] = ''
  lines[#lines + 1] = 'expect:'
  local expected = { canary = got.name, phase = got.phase, weight = got.weight, primary = got.primary }
  local events = sluice.list {}
  for _, told in ipairs(got.told) do
    events[#events + 1] = { text = told.text, times = told.count }
  end
  expected.events = events[1] and events or nil
  lines[#lines + 1] = '  - ' .. console.encode(expected)
  return table.concat(lines, '\n') .. '\n'
end

local function plays(file)
  return sluice.fork(function()
    local ok, raised = pcall(function()
      sluice.world(file):play()
    end)
    return ok and '' or tostring(raised)
  end)
end

local function save_scenario(session, file)
  local lines, ends_ms = acts_of(session)
  local folder, its = file:match '^(.*)/[^/]*$' or '.', session.file:match '^(.*)/[^/]*$' or '.'
  if folder ~= its then
    problem('save: a scenario names files beside it, so it is saved there: save %s/%s', its, file:match '[^/]*$')
  end
  write(file, scenario_text(file, session, play(session, lines), ends_ms))
  local wrong = plays(file)
  if wrong ~= '' and wrong ~= nil then
    os.remove(file)
    problem('save: what was done here does not come to the same as a scenario: %s', wrong)
  end
end

---@param session Session
---@param file string
---@return string told
function M.save(session, file)
  if #session.done == 0 then
    problem 'save: nothing was done yet'
  elseif file:find '_spec%.lua$' then
    local tag = save_spec(session, file)
    return ('%s: passes; sluice test %s'):format(file, file) .. (tag ~= '' and ' (without kills: it ends in mid-run)'
      or '')
  elseif file:find '%.ya?ml$' then
    save_scenario(session, file)
    return ('%s: plays; sluice demo %s'):format(file, file)
  end
  problem('save: NAME_spec.lua or NAME.yaml is wanted, got %s', file)
end

return M
