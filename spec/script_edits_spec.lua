--- Edits of a Canary while the script of its Strategy waits: what they change, and what they leave as it was.
local World = require 'spec.world'

--- A release of a Strategy whose run function has this body, in its analysis.
local function at_work(body, options)
  options = options or {}
  options.analysis = options.analysis or {}
  options.strategy = { name = 'ring' }
  local world = World.new(options)
  local script = "return require 'stdlib.strategy' { name = 'ring', run = function(rollout)\n" .. body .. '\nend }'
  world.world:create { apiVersion = 'sluice.dev/v1alpha1', kind = 'Strategy', spec = { script = script },
    metadata = { name = 'ring', namespace = 'test' } }
  return world:initialise():push()
end

local function edit(world, change)
  local canary = world.world:get('canaries.flagger.app', 'test', 'podinfo')
  change(canary.spec)
  world.world:update(canary)
end

--- Why the release was taken back.
local function reason(world)
  return world:release().status.reason
end

describe('an edit while a script waits', function()
  after_each(World.close_all)

  describe('skipAnalysis', function()
    local function skip(spec)
      spec.skipAnalysis = true
    end

    for what, wait in pairs {
      ['a time'] = "rollout:wait '10h'",
      ['hours'] = "rollout:wait_until { from = '07:00', to = '07:30' }",
      ['a gate among others'] = "rollout:any { { gate = 'approval' }, '10h' }",
      ['rounds'] = "rollout:analyse { lasting = '10h' }",
    } do
      for when, rests in pairs { ['at once'] = '5s', ['after it has rested'] = '5m' } do
        it('promotes at the next interval of a wait for ' .. what .. ', ' .. when, function()
          local world = at_work('rollout:begin() rollout:shift(10)\n' .. wait .. '\nrollout:promote()',
            { hooks = { approval = 'script' }, answers = { approval = function() return false end } })
          world.world:run '15s'
          world.world:run(rests)
          edit(world, skip)
          world.world:run '25s'
          assert.equal('Succeeded', world.phase, reason(world))
          assert.equal('podinfo:2', world.world:get('deployments.apps', 'test', 'podinfo-primary')
            .spec.template.spec.containers[1].image)
        end)
      end
    end
  end)

  describe('that removes a metric', function()
    local METRICS = { { name = 'request-success-rate', thresholdRange = { min = 99 } },
      { name = 'own', query = 'vector(5)', thresholdRange = { max = 7 } } }
    local GONE = 'the Canary has no metric "%s" any more, with which the release began'

    local function remove(spec)
      spec.analysis.metrics = { { name = 'other', query = 'vector(1)', thresholdRange = { max = 2 } } }
    end

    --- The metric is removed during a wait of five minutes before this.
    local function removed_before(body, rests)
      local world = at_work("rollout:begin() rollout:shift(10) rollout:analyse { rounds = 1 } rollout:wait '5m'\n"
        .. body .. '\nrollout:promote()', { analysis = { metrics = METRICS } })
      world.world:run '15s'
      world.world:run(rests)
      edit(world, remove)
      return world
    end

    for _, name in ipairs { 'request-success-rate', 'own' } do
      for when, rests in pairs { ['at once'] = '5s', ['after the script has rested'] = '3m' } do
        it('leaves the word check nothing to judge by, of ' .. name .. ', ' .. when, function()
          local world = removed_before(([[
            local verdict = rollout:check('%s')
            rollout:event(verdict.verdict .. ': ' .. verdict.text)]]):format(name), rests)
          world:finish()
          assert.equal('Succeeded', world.phase, reason(world))
          assert.equal(1, world.told['Normal blind: ' .. GONE:format(name)])
        end)
      end

      it('lets a wait for the check ' .. name .. ' go on to its end', function()
        local world = removed_before(("rollout:within('3m', { check = '%s' })"):format(name), '3m')
        world:finish()
        assert.equal('Succeeded', world.phase, reason(world))
      end)

      it('holds an analysis by ' .. name .. ', and says why', function()
        local world = removed_before(("rollout:analyse { rounds = 2, checks = { '%s' } }"):format(name), '3m')
        world.world:run '10m'
        assert.equal('Progressing', world.phase, reason(world))
        assert.matches(GONE:format(name), world:condition('Waiting').message, 1, true)
      end)
    end

    it('that there never was is a misspelt one, and names the word', function()
      local world = removed_before("rollout:check 'onw'", '3m')
      world:finish()
      assert.equal('Failed', world.phase)
      assert.matches('scripts/ring.lua:3: rollout:check: there is no metric or check "onw", known are other, ',
        reason(world), 1, true)
    end)

    it('does not hide that a check of the engine has no bounds', function()
      local world = removed_before("rollout:check 'request-duration'", '3m')
      world:finish()
      assert.equal('Failed', world.phase)
      assert.matches('scripts/ring.lua:3: rollout:check: params: min or max is wanted: the Canary has no metric '
        .. '"request-duration" with bounds', reason(world), 1, true)
    end)
  end)
end)
