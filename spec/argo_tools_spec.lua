--- What Argo CD makes of Canaries, Releases and the objects that a release changes, by its own code (tests/tools/argo)
--- and the files of deploy/argo-cd.
local World = require 'spec.world'
local cjson = require 'cjson'
local own_tools = require 'spec.own_tools'

local SETTINGS = 'deploy/argo-cd/argocd-cm.yaml'

describe('Argo CD', function()
  local program, missing = own_tools.find 'tests/tools/tool.py argo'
  local case = own_tools.case(missing)
  after_each(World.close_all)

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

  -- Actions ------------------------------------------------------------------------------------

  --- The answer to a question about the Canary as it is.
  local function ask_about(world, question)
    local canary = world.world:text('canaries.flagger.app', 'test'):match '[^\n]+'
    return ask(SETTINGS, { ('{%s,"object":%s}'):format(question, canary) })[1]
  end

  --- The actions that it offers for a Canary, in one line, and what is filled into the form of each.
  local function offered(world)
    local names, forms = {}, {}
    for _, action in ipairs(ask_about(world, '"ask":"actions"')) do
      names[#names + 1] = not action.disabled and action.name or nil
      local fields = {}
      for i, param in ipairs(action.params) do
        fields[i] = param.name .. (param.default and '=' .. param.default or '')
      end
      forms[action.name] = table.concat(fields, ' ')
    end
    table.sort(names)
    return table.concat(names, ' '), forms
  end

  --- Takes an action as Argo CD does, by the merge patch that it sends: nothing but annotations may be in it.
  local function act(world, name, params)
    local said = ask_about(world, ('"ask":"act","name":"%s","params":%s'):format(name,
      next(params or {}) and cjson.encode(params) or '{}'))
    if said.error then
      return said.error
    end
    local canary = world.world:get('canaries.flagger.app', 'test', 'podinfo')
    local annotations = canary.metadata.annotations or {}
    for key, value in pairs(said.metadata.annotations) do
      annotations[key] = value ~= cjson.null and value or nil
    end
    said.metadata.annotations = nil
    assert.same({ metadata = {} }, said)
    canary.metadata.annotations = annotations
    world.world:update(canary)
    world.world:run '2s'
  end

  --- In one line, without the time in its reason.
  local function last_request(world)
    local answer = world.world:get('canaries.flagger.app', 'test', 'podinfo').status.lastRequest
    local reason, count = answer.reason:gsub('%(Argo CD, %d+%-%d+%-%d+T%d+:%d+:%d+Z%)$', '(Argo CD)')
    assert.equal(1, count, answer.reason)
    return ('%s %s: %s%s'):format(answer.verb, answer.outcome, reason,
      answer.outcome == 'Refused' and ': ' .. answer.message or '')
  end

  local function gated_world(is_open)
    return World.new { analysis = { stepWeights = { 10, 20, 30, 40, 50 }, threshold = 1 },
      hooks = { go = 'confirm-rollout' }, answers = { go = is_open } }
  end

  case('offers what makes sense for a Canary, and the engine does what it writes', function()
    local closed = true
    local world = gated_world(function()
      return not closed
    end)
    world:initialise()
    assert.equal('pause', offered(world))
    assert.equal('which release? its name is wanted, such as podinfo-7', act(world, 'approve'))
    world:push().world:run '30s'
    local names, forms = offered(world)
    assert.equal('approve pause promote rollback', names)
    assert.same({ pause = 'reason', resume = 'reason', promote = 'release=podinfo-1 reason',
      rollback = 'release=podinfo-1 reason', retry = 'release=podinfo-1 reason',
      approve = 'release=podinfo-1 gate reason' }, forms)
    assert.is_nil(act(world, 'approve', { release = 'podinfo-1', gate = 'confirm-rollout' }))
    assert.equal('approve Done: (Argo CD)', last_request(world))
    world.world:run '15s'
    assert.equal('Progressing', world.phase)
    act(world, 'pause', { reason = 'INC-4711: "it", {we} \\ think\nso -- now' })
    assert.equal('pause Done: INC-4711: "it", {we} \\ think so -- now (Argo CD)', last_request(world))
    assert.equal('promote resume rollback', offered(world))
    local weight = world:last_of 'traffic'
    world.world:run '2m'
    assert.equal(weight, world:last_of 'traffic')
    act(world, 'resume')
    assert.equal('resume Done: (Argo CD)', last_request(world))
    assert.equal('pause promote rollback', offered(world))
    act(world, 'rollback', { reason = 'INC-4711' }) -- as argocd app actions run, which has no parameters
    assert.equal('rollback Done: INC-4711 (Argo CD)', last_request(world))
    world:finish():settle()
    assert.equal('Failed', world.phase)
    assert.equal('pause retry', offered(world))
    closed = false
    act(world, 'retry', { release = 'podinfo-1', reason = 'it was the database' })
    assert.equal('retry Done: it was the database (Argo CD)', last_request(world))
    world.world:run '30s'
    assert.equal('release=podinfo-2 reason', select(2, offered(world)).promote)
    act(world, 'promote', { release = 'podinfo-1' }) -- an old page
    assert.truthy(last_request(world):find '^promote Refused: %(Argo CD%): ')
    act(world, 'promote', { release = 'podinfo-2' })
    assert.equal('promote Done: (Argo CD)', last_request(world))
    world.world:run '5m'
    assert.equal('Succeeded', world.phase)
    assert.equal('pause', offered(world))
  end)

  case('has the name of whoever took an action in its own audit, beside the Canary', function()
    local world = World.new { analysis = { stepWeights = { 50 } } }
    world:initialise()
    local events = ask_about(world, '"ask":"audit","name":"promote","user":"alice"')
    assert.equal(1, #events)
    local canary = world.world:get('canaries.flagger.app', 'test', 'podinfo')
    assert.same({ 'ResourceActionRan', 'alice ran action promote', 'alice', canary.metadata.uid, 'test' },
      { events[1].reason, events[1].message, events[1].metadata.annotations.user, events[1].involvedObject.uid,
        events[1].metadata.namespace })
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

  --- What Git has: objects that a release changes, and one field of each that it does not.
  local GIT = {
    { kind = 'deployments.apps', name = 'podinfo', other = { '"podinfo:2"', '"podinfo:9"' }, [[
{"apiVersion":"apps/v1","kind":"Deployment","metadata":{"name":"podinfo","namespace":"test",
 "labels":{"app":"podinfo"}},"spec":{"replicas":1,"selector":{"matchLabels":{"app":"podinfo"}},
 "template":{"metadata":{"labels":{"app":"podinfo"}},"spec":{"containers":[{"name":"podinfod","image":"podinfo:2"}]}}}}
]] },
    { kind = 'services', name = 'podinfo', other = { '"ClusterIP"', '"NodePort"' }, [[
{"apiVersion":"v1","kind":"Service","metadata":{"name":"podinfo","namespace":"test"},
 "spec":{"type":"ClusterIP","selector":{"app":"podinfo"},"ports":[{"name":"http","port":9898,"targetPort":9898}]}}
]] },
    { kind = 'horizontalpodautoscalers.autoscaling', name = 'podinfo-primary', other = { '"podinfo"', '"shop"' }, [[
{"apiVersion":"autoscaling/v2","kind":"HorizontalPodAutoscaler","metadata":{"name":"podinfo-primary",
 "namespace":"test","labels":{"team":"podinfo"}},"spec":{"minReplicas":2,"maxReplicas":3,
 "scaleTargetRef":{"apiVersion":"apps/v1","kind":"Deployment","name":"podinfo-primary"}}}
]] },
    { kind = 'virtualservices.networking.istio.io', name = 'podinfo', other = { '"%."', '"*"' }, [[
{"apiVersion":"networking.istio.io/v1beta1","kind":"VirtualService","metadata":{"name":"podinfo","namespace":"test"},
 "spec":{"hosts":["web.test"],"exportTo":["."],"http":[{"route":[{"destination":{"host":"podinfo"}}]}]}}
]] },
    { kind = 'destinationrules.networking.istio.io', name = 'podinfo-canary', other = { '"%."', '"*"' }, [[
{"apiVersion":"networking.istio.io/v1beta1","kind":"DestinationRule","metadata":{"name":"podinfo-canary",
 "namespace":"test"},"spec":{"host":"podinfo-canary","exportTo":["."],
 "trafficPolicy":{"tls":{"mode":"DISABLE"}}}}
]] },
  }
  --- The target's own autoscaler, which a release only reads.
  local SCALER = [[{"apiVersion":"autoscaling/v2","kind":"HorizontalPodAutoscaler","metadata":{"name":"podinfo",
 "namespace":"test"},"spec":{"minReplicas":1,"maxReplicas":4,
 "scaleTargetRef":{"apiVersion":"apps/v1","kind":"Deployment","name":"podinfo"}}}]]

  local function one_line(text)
    return (text:gsub('\n', ''))
  end

  local function out_of_sync(world, thing, target, ignore)
    local live
    for line in world.world:text(thing.kind, 'test'):gmatch '[^\n]+' do
      live = cjson.decode(line).metadata.name == thing.name and line or live
    end
    return ask(SETTINGS, { ('{"ask":"diff","live":%s,"target":%s,"ignore":%s}'):format(live, one_line(target),
      ignore and cjson.encode(ignored()) or '[]') })[1]
  end

  --- The kinds that are out of sync, without ignoreDifferences and with them.
  local function differing(world)
    local plain, left = {}, {}
    for _, thing in ipairs(GIT) do
      plain[thing.kind] = out_of_sync(world, thing, thing[1], false) and true or nil
      left[thing.kind] = out_of_sync(world, thing, thing[1], true) or nil
    end
    return plain, left
  end

  case('finds nothing out of sync that a release has changed, and finds what others have', function()
    local objects, all = { one_line(SCALER) }, {}
    for _, thing in ipairs(GIT) do
      all[thing.kind] = true
      objects[#objects + 1] = thing.kind ~= 'deployments.apps' and one_line(thing[1]) or nil
    end
    local world = World.new { analysis = { stepWeights = { 50 } }, objects = objects }
    local canary = world.world:get('canaries.flagger.app', 'test', 'podinfo')
    canary.spec.autoscalerRef = { apiVersion = 'autoscaling/v2', kind = 'HorizontalPodAutoscaler', name = 'podinfo' }
    canary.spec.service.trafficPolicy = { tls = { mode = 'ISTIO_MUTUAL' } }
    world.world:update(canary)
    world:initialise():push().world:run '15s'
    assert.equal('Progressing', world.phase)
    assert.same({}, (select(2, differing(world))))
    world:finish():settle()
    assert.equal('Succeeded', world.phase)
    local plain, left = differing(world)
    assert.same({ {}, all }, { left, plain })
    for _, thing in ipairs(GIT) do
      local edited, count = thing[1]:gsub(thing.other[1], thing.other[2], 1)
      assert.equal(1, count)
      assert.is_table(out_of_sync(world, thing, edited, true), thing.kind)
    end
    assert.is_false(out_of_sync(world, { kind = GIT[3].kind, name = 'podinfo' }, SCALER, false))
  end)
end)
