--- Alerts of whole releases by the real engine: which come, to whom, each once at most, whatever kills the engine.
local World = require 'spec.world'
local json = require 'cjson'
local killing = require 'spec.world_killing'
local sluice = require 'sluice'
local stories = require 'spec.world_stories'

local function provider(name, spec, namespace)
  return { apiVersion = 'flagger.app/v1beta1', kind = 'AlertProvider',
    metadata = { name = name, namespace = namespace or 'test' }, spec = spec }
end

local function entry(severity, name)
  return { name = name or 'chat', severity = severity, providerRef = { name = name or 'chat' } }
end

local CHAT = provider('chat', { type = 'slack', address = 'http://chat/hook' })

--- A world whose chat keeps what it is told: 'info New revision detected, …'. An alert with fields ends with '+'.
local function make(options)
  local shared = setmetatable({}, { __index = options })
  shared.analysis = shared.analysis or { stepWeights = { 50 } }
  if shared.analysis.alerts == nil then
    shared.analysis.alerts = { entry 'info' }
  end
  shared.objects = options.objects or { CHAT }
  local world = World.new(shared)
  world.chat = {}
  world.world:serve('chat', function(request)
    local said = json.decode(request.body).attachments[1]
    world.chat[#world.chat + 1] = said.text .. (said.fields[1] and '+' or '') .. (said.color == 'danger' and ' !' or '')
    return (options.chat or function() return 200 end)(world)
  end)
  return world:initialise():push()
end

local SUCCESS = {
  'New Deployment detected, initialization completed.+',
  'New revision detected, progressing canary analysis.+',
  'Canary analysis completed successfully, promotion finished.',
}

local STORIES = {
  ['a promotion'] = { analysis = { stepWeights = { 50 } }, says = SUCCESS },
  ['an A/B test'] = { analysis = { iterations = 2, match = { { headers = { ['x-canary'] = { exact = 'insider' } } } } },
    says = SUCCESS },
  ['a promotion without an analysis'] = { analysis = { stepWeights = { 50 } }, skipAnalysis = true, says = {
    SUCCESS[1],
    SUCCESS[2],
    'Canary analysis was skipped, promotion finished.',
  } },
  ['gates that are closed'] = {
    analysis = { stepWeights = { 50 } },
    hooks = { go = 'confirm-rollout', more = 'confirm-traffic-increase', done = 'confirm-promotion' },
    answers = {
      go = stories.closed_until_told 'waiting for approval go',
      more = stories.closed_until_told 'waiting for traffic increase approval more',
      done = stories.closed_until_told 'waiting for promotion approval done',
    },
    says = {
      SUCCESS[1],
      'Canary is waiting for approval.',
      SUCCESS[2],
      'Canary traffic increase is waiting for approval.',
      'Canary promotion is waiting for approval.',
      SUCCESS[3],
    },
  },
  ['failed checks'] = { version = { errors = 1 }, says = {
    SUCCESS[1],
    SUCCESS[2],
    'Failed checks threshold reached 2 !',
  } },
  ['a rollback by hand'] = { hooks = { back = 'rollback' }, says = {
    SUCCESS[1],
    SUCCESS[2],
    'Rolling back manual webhook invoked',
  } },
}

local function count(list)
  local times = {}
  for _, text in ipairs(list) do
    times[text] = (times[text] or 0) + 1
  end
  return times
end

--- Nothing twice, nothing else, and a death loses one at most.
local function must_be_once(world, says)
  local times, wanted, missing = count(world.chat), count(says), 0
  for text, n in pairs(times) do
    assert(n <= (wanted[text] or 0), ('%d times: %s'):format(n, text))
  end
  for text in pairs(wanted) do
    missing = missing + (times[text] and 0 or 1)
  end
  assert(missing <= 1, missing .. ' alerts were lost')
end

local function end_of(world)
  return world.phase .. ' ' .. tostring(world.last.primary) .. ' ' .. tostring(world.last.traffic)
end

describe('alerts', function()
  after_each(World.close_all)

  for _, name in ipairs(stories.sorted(STORIES)) do
    local story = STORIES[name]

    it('tell of ' .. name, function()
      local world = make(story):finish():settle()
      assert.is_nil(world.broken)
      assert.same(story.says, world.chat, world:story())
    end)

    it('come once at most, wherever the engine was killed: ' .. name .. ' #deaths', function()
      local calm = make(story):finish():settle()
      local wanted = end_of(calm)
      killing.meanwhile(make, setmetatable({ sparse = 2 }, { __index = story }), function() end, function(world)
        must_be_once(world, story.says)
        assert(world.broken == nil, world.broken)
        assert(end_of(world) == wanted, end_of(world))
      end)
    end)
  end

  it('are not told of a gate that mutes them', function()
    local story = { hooks = { go = 'confirm-rollout' },
      answers = { go = stories.closed_until_told 'waiting for approval go' } }
    local world = World.new { analysis = { stepWeights = { 50 }, alerts = { entry 'info' } }, objects = { CHAT },
      hooks = story.hooks, answers = story.answers }
    local said = {}
    world.world:serve('chat', function(request)
      said[#said + 1] = json.decode(request.body).attachments[1].text
      return 200
    end)
    world:initialise()
    local canary = world.world:get('canaries.flagger.app', 'test', 'podinfo')
    canary.spec.analysis.webhooks[1].muteAlert = true
    world.world:update(canary)
    world:push():finish():settle()
    assert.equal(1, world:times_told 'waiting for approval go')
    assert.equal(3, #said)
  end)

  it('go to those whose severity they have', function()
    local world = make { version = { errors = 1 }, analysis = { stepWeights = { 50 }, alerts = { entry 'error' } } }
    world:finish():settle()
    assert.same({ 'Failed checks threshold reached 2 !' }, world.chat)
  end)

  it('do not come from a Canary that names no severity', function()
    local none = entry()
    local world = make { analysis = { stepWeights = { 50 }, alerts = { none } } }
    world:finish():settle()
    assert.same({}, world.chat)
  end)

  it('find the address in a Secret of the provider\'s namespace', function()
    local world = make { analysis = { stepWeights = { 50 }, alerts = {
      { name = 'a', severity = 'info', providerRef = { name = 'far', namespace = 'chats' } } } }, objects = {
      { apiVersion = 'v1', kind = 'Namespace', metadata = { name = 'chats' } },
      provider('far', { type = 'discord', secretRef = { name = 'hook' } }, 'chats'),
      { apiVersion = 'v1', kind = 'Secret', metadata = { name = 'hook', namespace = 'chats' },
        data = { address = 'aHR0cDovL2NoYXQvaG9vaw==' } }, -- http://chat/hook
    } }
    world:finish():settle()
    assert.same(SUCCESS, world.chat)
  end)

  it('hold nothing up when a provider is missing, refuses or hangs', function()
    local calm = make { analysis = { stepWeights = { 50 }, alerts = sluice.list {} } }
    calm:finish()
    local wanted = calm.world:now()
    calm:close()
    local alerts = { entry('info', 'missing'), entry('info', 'deaf'), entry('info', 'hangs'), entry('info', 'odd'),
      entry 'info' }
    local world = make { analysis = { stepWeights = { 50 }, alerts = alerts }, objects = {
      CHAT,
      provider('deaf', { type = 'msteams', address = 'http://nobody/' }),
      provider('hangs', { type = 'gchat', address = 'http://hangs/' }),
      provider('odd', { type = 'rocket', secretRef = { name = 'missing' } }),
    } }
    world.world:serve('hangs', function() return 200 end)
    world.world:fates(function(request)
      return request.url:find '^http://hangs/' and { delay_ms = 3600 * 1000 } or nil
    end)
    world:finish()
    assert.is_true(world.world:now() - wanted < 1000, 'the release came to its end later')
    world:settle()
    assert.same(SUCCESS, world.chat)
    local log = world.world:log()
    for _, line in ipairs {
      'alert provider missing.test error: alertprovider.flagger.app \\"missing\\" not found',
      'alert provider deaf.test send error: postMessage failed: sending notification failed to send: Post ',
      'alert provider hangs.test send error: postMessage failed: sending notification failed to send: Post ',
      'alert provider odd.test secretRef error: secrets \\"missing\\" not found',
    } do
      assert.is_truthy(log:find(line, 1, true), line .. ', in:\n' .. log)
    end
  end)

  it('tell of a promotion whose primary never becomes ready', function()
    local world = make { version = { errors = 0, ready_ms = 1000 }, analysis = { stepWeights = { 50 } } }
    world.world:watch('deployments.apps', function(object)
      if object.metadata.name == 'podinfo-primary' and object.spec.template.spec.containers[1].image == 'podinfo:2' then
        world.world:after(0, function()
          world.world:version('podinfo:2', { errors = 0, ready_ms = -1 })
        end)
      end
    end)
    world:finish():settle()
    assert.equal('Failed', world.phase)
    assert.matches('^Promotion failed, primary not ready: .* !$', world.chat[#world.chat])
  end)
end)

describe('the word alert', function()
  after_each(World.close_all)

  local function run(body, severity)
    local script = ([[
      local strategy = require 'stdlib.strategy'
      return strategy { name = 'own', run = function(rollout)
        rollout:begin()
        %s
        rollout:shift(50)
        rollout:analyse { rounds = 2 }
        rollout:promote()
      end }]]):format(body)
    local alerts = { entry(severity or 'info') }
    return make { analysis = { stepWeights = { 50 }, alerts = alerts }, strategy = { name = 'own' }, objects = { CHAT,
      { apiVersion = 'sluice.dev/v1alpha1', kind = 'Strategy', metadata = { name = 'own', namespace = 'test' },
        spec = { script = script } } } }
  end

  it('tells a text once, to those who want it', function()
    local says = "rollout:alert('warn', 'mind the gap') rollout:alert('error', 'it burns')"
    local world = run(says):finish():settle()
    assert.same({ SUCCESS[1], SUCCESS[2], 'mind the gap', 'it burns !', SUCCESS[3] }, world.chat)
    world:close()
    world = run(says, 'error'):finish():settle()
    assert.same({ 'it burns !' }, world.chat)
  end)

  it('raises at the line that misuses it', function()
    for call, problem in pairs {
      ["rollout:alert('fatal', 'x')"] = 'rollout:alert: there is no severity "fatal", known are ',
      ["rollout:alert('warn')"] = 'rollout:alert: a text of 1 to 1000 bytes is wanted, got nil',
      ["rollout:alert()"] = 'rollout:alert: there is no severity "nil"',
    } do
      local world = run(call):finish():settle()
      assert.equal('Failed', world.phase)
      assert.is_true(world:times_told(problem) > 0, world:story())
      assert.matches('^Strategy failed: .*rollout:alert', world.chat[#world.chat])
      world:close()
    end
  end)

  it('tells once at most, wherever the engine was killed #deaths', function()
    local function again()
      return run "for i = 1, 3 do rollout:alert('warn', 'number ' .. i) end"
    end
    local says = { SUCCESS[1], SUCCESS[2], 'number 1', 'number 2', 'number 3', SUCCESS[3] }
    assert.same(says, again():finish():settle().chat)
    killing.meanwhile(function(options)
      local world = again()
      world.options = options
      return world
    end, { sparse = 2 }, function() end, function(world)
      must_be_once(world, says)
    end)
  end)
end)
