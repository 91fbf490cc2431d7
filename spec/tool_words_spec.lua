--- What other tools make of every status that the engine writes, by their own code (tests/tools): kstatus and Flux with
--- the expressions of deploy/flux/health.yaml, Argo CD with its own script and with ours (deploy/argo-cd).
local World = require 'spec.world'
local cjson = require 'cjson'
local own_tools = require 'spec.own_tools'
local stories = require 'spec.status_stories'
local written = require 'spec.written_statuses'

local SETTINGS = 'deploy/argo-cd/argocd-cm.yaml'

--- By the state of a Release: kstatus reads its conditions, as our script for Argo CD does.
local OF_RELEASE = {
  new = { kstatus = 'InProgress', argo = 'Progressing' },
  Running = { kstatus = 'InProgress', argo = 'Progressing' },
  RollingBack = { kstatus = 'InProgress', argo = 'Progressing' },
  Succeeded = { kstatus = 'Current', argo = 'Healthy' },
  Failed = { kstatus = 'Failed', argo = 'Degraded' },
  Superseded = { kstatus = 'Failed', argo = 'Degraded' },
  Stalled = { kstatus = 'Failed', argo = 'Degraded' },
  Halted = { kstatus = 'Failed', argo = 'Degraded' },
}

--- By the phase of a Canary, unless something below says otherwise. Flux's expressions cannot look into an object
--- without a status: it waits on until there is one.
local OF_PHASE = {
  new = { flux = 'Unknown', bundled = 'Unknown', argo = 'Progressing' },
  Initializing = { flux = 'InProgress', bundled = 'Unknown', argo = 'Progressing' },
  Initialized = { flux = 'Current', bundled = 'Healthy', argo = 'Healthy' },
  Waiting = { flux = 'InProgress', bundled = 'Unknown', argo = 'Suspended' },
  Progressing = { flux = 'InProgress', bundled = 'Progressing', argo = 'Progressing' },
  WaitingPromotion = { flux = 'InProgress', bundled = 'Unknown', argo = 'Suspended' },
  Promoting = { flux = 'InProgress', bundled = 'Progressing', argo = 'Progressing' },
  Finalising = { flux = 'InProgress', bundled = 'Progressing', argo = 'Progressing' },
  Succeeded = { flux = 'Current', bundled = 'Healthy', argo = 'Healthy' },
  Failed = { flux = 'Failed', bundled = 'Degraded', argo = 'Degraded' },
}

--- What is true of a Canary besides its phase: 'refused', 'halted', 'paused'; nil: nothing.
local function exception(canary)
  local found
  for _, condition in ipairs(canary.status and canary.status.conditions or {}) do
    if condition.type == 'Accepted' and condition.status == 'False' then
      return 'refused'
    elseif condition.type == 'Waiting' and condition.reason == 'ReleaseHalted' then
      found = 'halted'
    end
  end
  local pause = (canary.metadata.annotations or {})['sluice.dev/pause']
  return found or (pause and pause ~= 'false' or canary.spec.suspend) and 'paused' or nil
end

--- The words that are right for an object, and what it is: 'Canary Progressing, paused'.
local function expected(object)
  local status = object.status or {}
  if object.kind == 'Release' then
    return OF_RELEASE[status.state or 'new'], 'Release ' .. (status.state or 'new')
  end
  local what, why = 'Canary ' .. (status.phase or 'new'), exception(object)
  local words = assert(OF_PHASE[status.phase or 'new'], what)
  local argo = why == 'paused' and words.argo == 'Progressing' and 'Suspended' or words.argo
  if why and why ~= 'paused' then
    return { flux = 'Failed', bundled = words.bundled, argo = 'Degraded' }, what .. ', ' .. why
  end
  return { flux = words.flux, bundled = words.bundled, argo = argo }, what .. (why and ', ' .. why or '')
end

--- A file of settings without any.
local function bare_settings()
  local path = os.tmpname()
  local file = assert(io.open(path, 'w'))
  file:write('apiVersion: v1\nkind: ConfigMap\nmetadata: {name: argocd-cm}\n')
  file:close()
  return path
end

describe('of every status', function()
  local flux, no_flux = own_tools.find 'tests/tools/tool.py flux'
  local argo, no_argo = own_tools.find 'tests/tools/tool.py argo'
  local case = own_tools.case(no_flux or no_argo)
  local seen, conditions = {}, {}
  after_each(World.close_all)

  --- One of an engine before conditions; what kstatus makes of those is said in docs/tools.md.
  local function is_former(object)
    local status = object.status or {}
    return object.kind == 'Release' and status.state == 'Running' and not status.observedGeneration
  end

  local function health_of(settings, lines)
    local questions, answers = {}, {}
    for i, line in ipairs(lines) do
      questions[i] = ('{"ask":"health","object":%s}'):format(line)
    end
    for i, line in ipairs(own_tools.ask(argo .. ' ' .. settings, questions)) do
      local said = cjson.decode(line)
      answers[i] = said ~= cjson.null and said or nil
    end
    return answers
  end

  local function ask_all(lines)
    local path = bare_settings()
    local answers = { flux = own_tools.ask(flux .. ' deploy/flux/health.yaml', lines),
      bundled = health_of(path, lines), argo = health_of(SETTINGS, lines) }
    os.remove(path)
    return answers
  end

  local function judge(lines)
    local answers = ask_all(lines)
    for i, line in ipairs(lines) do
      local object = cjson.decode(line)
      local right, what = expected(object)
      local word, kstatus = answers.flux[i]:match '^(%S+) (%S+)$'
      local said = { flux = word, kstatus = kstatus, argo = answers.argo[i].status,
        bundled = answers.bundled[i] and answers.bundled[i].status }
      for tool, wanted in pairs(is_former(object) and {} or right) do
        local text = '%s: %s says %s, not %s: %s'
        assert(said[tool] == wanted, text:format(what, tool, tostring(said[tool]), wanted, line))
      end
      assert(#answers.argo[i].message > 0, what)
      seen[what] = line
      for _, condition in ipairs(object.kind == 'Canary' and object.status and object.status.conditions or {}) do
        conditions[condition.type .. ' ' .. condition.status] = true
      end
    end
  end

  for name, story in pairs(stories) do
    case('the tools have the right word in ' .. name, function()
      judge(written.of(story))
    end)
  end

  case('the tools were asked: each phase, each state, each condition', function()
    for phase in pairs(written.phases()) do
      assert.is_string(seen['Canary ' .. phase], phase)
    end
    for state in pairs(written.states()) do
      assert.is_string(seen['Release ' .. state], state)
    end
    for _, what in ipairs { 'Canary new', 'Release new', 'Canary Progressing, paused', 'Canary Progressing, refused',
      'Canary Succeeded, refused', 'Canary Progressing, halted', 'Canary Initialized, refused' } do
      assert.is_string(seen[what], what)
    end
    assert.same({ ['Promoted Unknown'] = true, ['Promoted True'] = true, ['Promoted False'] = true,
      ['Accepted False'] = true, ['Waiting True'] = true, ['WeightsEffective False'] = true }, conditions)
  end)

  case('Argo CD offers to release a revision again whose record is full', function()
    local question = ('{"ask":"actions","object":%s}'):format(seen['Canary Progressing, halted'])
    local enabled = {}
    for _, action in ipairs(cjson.decode(own_tools.ask(argo .. ' ' .. SETTINGS, { question })[1])) do
      enabled[action.name] = not action.disabled or nil
    end
    assert.same({ pause = true, retry = true }, enabled)
  end)
end)
