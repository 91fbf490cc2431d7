--- What Argo CD makes of Canaries, Releases and the objects that a release changes, by its own code (tests/tools/argo)
--- and the files of deploy/argo-cd.
local World = require 'spec.world'
local cjson = require 'cjson'
local own_tools = require 'spec.own_tools'
local stories = require 'spec.status_stories'

local SETTINGS = 'deploy/argo-cd/argocd-cm.yaml'

describe('Argo CD', function()
  local program, missing = own_tools.find 'tests/tools/tool.py argo'
  after_each(World.close_all)

  local function case(name, run)
    it(name, program and run or function()
      pending(missing)
    end)
  end

  --- Its answers to questions, which are tables or lines of JSON.
  local function ask(settings, questions)
    local lines, answers = {}, {}
    for i, question in ipairs(questions) do
      lines[i] = type(question) == 'string' and question or cjson.encode(question)
    end
    for i, line in ipairs(own_tools.ask(program .. ' ' .. settings, lines)) do
      answers[i] = cjson.decode(line)
    end
    return answers
  end

  --- The file of settings without any.
  local function bare()
    local path = os.tmpname()
    local file = assert(io.open(path, 'w'))
    file:write('apiVersion: v1\nkind: ConfigMap\nmetadata: {name: argocd-cm}\n')
    file:close()
    return path
  end

  -- Health -------------------------------------------------------------------------------------

  --- Every Canary and Release of a story as a line of JSON, each once.
  local function statuses(story)
    local open, lines, known = {}, {}, {}
    local world = World.new(story.options(open))
    for _, kind in ipairs { 'canaries.flagger.app', 'releases.sluice.dev' } do
      world.world:watch(kind, function(_, change)
        for line in (change == 'deleted' and '' or world.world:text(kind, 'test')):gmatch '[^\n]+' do
          lines[#lines + 1] = not known[line] and line or nil
          known[line] = true
        end
      end)
    end
    story.play(world, open)
    assert.is_nil(world.broken)
    world:close()
    return lines
  end

  local BUNDLED = { Failed = 'Degraded', Progressing = 'Progressing', Finalising = 'Progressing',
    Promoting = 'Progressing', Succeeded = 'Healthy', Initialized = 'Healthy' }
  local OURS = { Failed = 'Degraded', Succeeded = 'Healthy', Initialized = 'Healthy', Waiting = 'Suspended',
    WaitingPromotion = 'Suspended' }
  local OF_RELEASE = { Succeeded = 'Healthy', Failed = 'Degraded', Superseded = 'Degraded' }

  --- Why a Canary is none of what its phase says; nil: it is.
  local function exception(canary)
    for _, condition in ipairs(canary.status and canary.status.conditions or {}) do
      if condition.type == 'Accepted' and condition.status == 'False' then
        return 'Degraded'
      end
    end
    local pause = (canary.metadata.annotations or {})['sluice.dev/pause']
    return (pause and pause ~= 'false' or canary.spec.suspend) and 'Suspended' or nil
  end

  local function word_of_ours(canary)
    local word, other = OURS[canary.status and canary.status.phase] or 'Progressing', exception(canary)
    return other == 'Degraded' and other or word == 'Progressing' and other or word
  end

  case('has the right word for every status, by its own script and by ours', function()
    local lines, seen = {}, {}
    for _, story in pairs(stories) do
      for _, line in ipairs(statuses(story)) do
        lines[#lines + 1] = ('{"ask":"health","object":%s}'):format(line)
      end
    end
    local path = bare()
    local bundled, ours = ask(path, lines), ask(SETTINGS, lines)
    os.remove(path)
    for i, line in ipairs(lines) do
      local object = cjson.decode(line).object
      local status = object.status or {}
      if object.kind == 'Release' then
        assert.equal(OF_RELEASE[status.state] or 'Progressing', ours[i].status, line)
        seen['Release ' .. ours[i].status] = true
      else
        assert.equal(BUNDLED[status.phase] or 'Unknown', bundled[i].status, line)
        assert.equal(word_of_ours(object), ours[i].status, line)
        seen[(status.phase or 'none') .. ' ' .. ours[i].status] = true
      end
    end
    for _, what in ipairs { 'none Progressing', 'Initializing Progressing', 'Initialized Healthy', 'Waiting Suspended',
      'Progressing Progressing', 'Progressing Suspended', 'Progressing Degraded', 'WaitingPromotion Suspended',
      'Promoting Progressing', 'Finalising Progressing', 'Succeeded Healthy', 'Failed Degraded', 'Release Progressing',
      'Release Healthy', 'Release Degraded' } do
      assert.is_true(seen[what], what)
    end
  end)

  -- Actions ------------------------------------------------------------------------------------

  --- The actions that it offers for a Canary, in one line.
  local function offered(world)
    local canary = world.world:text('canaries.flagger.app', 'test'):match '[^\n]+'
    local names = {}
    for _, action in ipairs(ask(SETTINGS, { ('{"ask":"actions","object":%s}'):format(canary) })[1]) do
      names[#names + 1] = not action.disabled and action.name or nil
    end
    table.sort(names)
    return table.concat(names, ' ')
  end

  --- Takes an action as Argo CD does: only the annotations of what it makes are written.
  local function act(world, name, params)
    local line = world.world:text('canaries.flagger.app', 'test'):match '[^\n]+'
    local said = ask(SETTINGS, { ('{"ask":"act","name":"%s","params":%s,"object":%s}'):format(name,
      next(params or {}) and cjson.encode(params) or '{}', line) })[1]
    if said.error then
      return said.error
    end
    local canary = world.world:get('canaries.flagger.app', 'test', 'podinfo')
    canary.metadata.annotations = said.metadata.annotations
    world.world:update(canary)
    world.world:run '2s'
  end

  local function last_request(world)
    local answer = world.world:get('canaries.flagger.app', 'test', 'podinfo').status.lastRequest
    return answer.verb .. ' ' .. answer.outcome .. (answer.outcome == 'Refused' and ': ' .. answer.message or '')
  end

  case('offers what makes sense for a Canary, and the engine does what it writes', function()
    local closed = true
    local world = World.new { analysis = { stepWeights = { 10, 20, 30, 40, 50 }, threshold = 1 },
      hooks = { go = 'confirm-rollout' }, answers = { go = function()
        return not closed
      end } }
    world:initialise()
    assert.equal('pause', offered(world))
    world:push().world:run '30s'
    assert.equal('approve pause promote rollback', offered(world))
    assert.equal('which release? its name is wanted, such as podinfo-7', act(world, 'approve'))
    assert.is_nil(act(world, 'approve', { release = 'podinfo-1', gate = 'confirm-rollout' }))
    assert.equal('approve Done', last_request(world))
    world.world:run '40s'
    assert.equal('Progressing', world.phase)
    act(world, 'pause')
    assert.equal('promote resume rollback', offered(world))
    local weight = world:last_of 'traffic'
    world.world:run '2m'
    assert.equal(weight, world:last_of 'traffic')
    act(world, 'resume')
    assert.equal('pause promote rollback', offered(world))
    act(world, 'rollback', { release = 'podinfo-1' })
    assert.equal('rollback Done', last_request(world))
    world:finish():settle()
    assert.equal('Failed', world.phase)
    assert.equal('pause retry', offered(world))
    closed = false
    act(world, 'retry', { release = 'podinfo-1' })
    assert.equal('retry Done', last_request(world))
    world.world:run '30s'
    act(world, 'promote', { release = 'podinfo-2' })
    assert.equal('promote Done', last_request(world))
    world.world:run '5m'
    assert.equal('Succeeded', world.phase)
    assert.equal('pause', offered(world))
  end)

  -- Differences --------------------------------------------------------------------------------

  --- spec.ignoreDifferences of deploy/argo-cd/application.yaml, whose items stand in one line each.
  local function ignored()
    local list = {}
    for line in io.lines 'deploy/argo-cd/application.yaml' do
      local group, kind, manager =
        line:match '^    %- {group: "?([%w.]*)"?, kind: (%w+), managedFieldsManagers: %[(%w+)%]}$'
      list[#list + 1] = group and { group = group, kind = kind, managedFieldsManagers = { manager } }
    end
    assert.equal(5, #list)
    return list
  end

  local DEPLOYMENT = [[
{"apiVersion":"apps/v1","kind":"Deployment","metadata":{"name":"podinfo","namespace":"test",
 "labels":{"app":"podinfo"}},"spec":{"replicas":1,"selector":{"matchLabels":{"app":"podinfo"}},
 "template":{"metadata":{"labels":{"app":"podinfo"}},"spec":{"containers":[{"name":"podinfod","image":"podinfo:1"}]}}}}
]]
  local SERVICE = [[
{"apiVersion":"v1","kind":"Service","metadata":{"name":"podinfo","namespace":"test"},
 "spec":{"selector":{"app":"podinfo"},"ports":[{"name":"http","port":9898,"targetPort":9898}]}}
]]

  case('finds nothing out of sync that a release has changed, and finds what others have', function()
    local service = SERVICE:gsub('\n', '')
    local world = World.new { analysis = { stepWeights = { 50 } }, objects = { service } }
    world:initialise():settle()
    local function out_of_sync(kind, target, ignore)
      local live
      for line in world.world:text(kind, 'test'):gmatch '[^\n]+' do
        live = cjson.decode(line).metadata.name == 'podinfo' and line or live
      end
      return ask(SETTINGS, { ('{"ask":"diff","live":%s,"target":%s,"ignore":%s}'):format(live, target:gsub('\n', ''),
        ignore and cjson.encode(ignored()) or '[]') })[1]
    end
    for kind, target in pairs { ['deployments.apps'] = DEPLOYMENT, services = SERVICE } do
      assert.is_table(out_of_sync(kind, target, false), kind .. ' is as the engine left it')
      assert.is_false(out_of_sync(kind, target, true), kind)
    end
    assert.is_table(out_of_sync('deployments.apps', DEPLOYMENT:gsub('podinfo:1', 'podinfo:2'), true))
  end)
end)
