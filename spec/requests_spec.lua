--- What people ask of a Canary by its annotations, by the real engine in a simulated world: what each verb does, what
--- is refused, and that a death at any moment does none of it twice.
local World = require 'spec.world'
local killing = require 'spec.world_killing'
local requests = require 'spec.world_requests'
local stories = require 'tool.record.story'

local ask, await_answer = requests.ask, requests.await_answer
local until_told = requests.until_told
local WEIGHTS = { stepWeight = 20, maxWeight = 40 }

local function closed()
  return false
end

--- A gate of this type that nobody opens.
local function gated(type)
  return { analysis = WEIGHTS, hooks = { gate = type }, answers = { gate = closed } }
end

local function make(options)
  return World.new(options or { analysis = WEIGHTS }):initialise():push()
end

local function at_weight(world, weight)
  return until_told(world, 'canary weight ' .. weight)
end

--- It was acted on, soon.
local function done(world, id, message)
  local answer = await_answer(world, id)
  assert.equal('Done', answer.outcome, answer.message)
  assert.equal('alice', answer.by)
  assert.equal('INC-4711', answer.reason)
  assert.matches(message, answer.message)
  assert.is_true(answer.after_ms <= 1000, answer.after_ms .. ' ms')
  return answer
end

local function refused(world, id, message)
  local answer = await_answer(world, id)
  assert.equal('Refused', answer.outcome)
  assert.matches(message, answer.message)
  assert.is_true(answer.after_ms <= 1000, answer.after_ms .. ' ms')
  world.world:run '1s' -- until that is told
  assert.equal(1, world:times_told(answer.message), answer.message)
end

local function finish(world, phase, image)
  world:finish():settle()
  assert.equal(phase, world.phase)
  assert.equal('primary: ' .. image, world:last_of 'primary')
  assert.is_nil(world.broken)
end

describe('a request', function()
  after_each(World.close_all)

  describe('to roll back', function()
    it('takes a release back between two rounds', function()
      local world = at_weight(make(), 20)
      ask(world, 'rollback')
      done(world, 'rollback-1', 'podinfo%-1 is taken back')
      finish(world, 'Failed', 'podinfo:1')
      assert.equal('traffic: podinfo-primary 100, podinfo-canary 0', world:last_of 'traffic')
      local status = world:release().status
      assert.equal('rolled back by alice: INC-4711', status.reason)
      assert.same({ kind = 'person', name = 'alice' }, status.endedBy)
      assert.equal(1, world:times_told 'Rolling back podinfo.test by request of alice: INC-4711')
      assert.equal(1, world:times_told 'Request rollback by alice: INC-4711: podinfo-1 is taken back')
    end)

    for _, gate in ipairs { 'confirm-rollout', 'confirm-traffic-increase', 'confirm-promotion' } do
      it('takes one back that waits at gate ' .. gate, function()
        local world = until_told(make(gated(gate)), 'advancement waiting for')
        ask(world, 'rollback')
        done(world, 'rollback-1', 'taken back')
        finish(world, 'Failed', 'podinfo:1')
      end)
    end

    it('takes one back whose Pods are not ready', function()
      local world = make { analysis = WEIGHTS, version = { errors = 0, ready_ms = 1200000 } }
      until_told(world, 'Scaling up')
      world.world:run '20s'
      ask(world, 'rollback')
      done(world, 'rollback-1', 'taken back')
      finish(world, 'Failed', 'podinfo:1')
    end)

    it('takes one back that is paused', function()
      local world = at_weight(make(), 20)
      ask(world, 'pause')
      done(world, 'pause-1', 'is paused')
      ask(world, 'rollback')
      done(world, 'rollback-1', 'taken back')
      finish(world, 'Failed', 'podinfo:1')
    end)

    it('takes one back that is paused and that another engine finds', function()
      local world = at_weight(make(), 20)
      ask(world, 'pause')
      done(world, 'pause-1', 'is paused')
      world.world:kill_engine()
      world.world:run('2m', function()
        return world.world:engine() == 'ready'
      end)
      world.world:run '20s'
      ask(world, 'rollback')
      done(world, 'rollback-1', 'taken back')
      finish(world, 'Failed', 'podinfo:1')
    end)

    it('takes one back whose Canary is refused', function()
      local world = at_weight(make(), 20)
      local canary = world.world:get('canaries.flagger.app', 'test', 'podinfo')
      canary.spec.analysis.sessionAffinity = { cookieName = 'x' }
      world.world:update(canary)
      until_told(world, 'is refused')
      ask(world, 'rollback')
      done(world, 'rollback-1', 'taken back')
      finish(world, 'Failed', 'podinfo:1')
    end)

    it('takes one back whose record and script do not agree', function()
      local function forge(world)
        local release = world:release()
        for _, entry in ipairs(release.status.entries) do
          entry.w = entry.w == 'round' and 'shift' or entry.w
        end
        world.world:update(release, 'status')
        ask(world, 'rollback')
      end
      local world = at_weight(make { analysis = WEIGHTS, on_death = forge }, 20)
      world.world:kill_engine()
      await_answer(world, 'rollback-1')
      finish(world, 'Failed', 'podinfo:1')
      assert.equal('rolled back by alice: INC-4711', world:release().status.reason)
      assert.equal('traffic: podinfo-primary 100, podinfo-canary 0', world:last_of 'traffic')
      assert.is_nil(world:release(2))
    end)

    it('is refused once the promotion has begun', function()
      local world = until_told(make(), 'Copying podinfo.test template')
      ask(world, 'rollback')
      refused(world, 'rollback-1', 'podinfo%-1 is being promoted')
      finish(world, 'Succeeded', 'podinfo:2')
      ask(world, 'rollback', { id = 'b' })
      refused(world, 'b', 'podinfo%-1 was promoted: set the target back to what it was before')
    end)

    it('is refused without a release', function()
      local world = World.new { analysis = WEIGHTS }:initialise()
      ask(world, 'rollback')
      refused(world, 'rollback-1', 'podinfo.test has no release')
    end)

    it('is refused for another release, and for an old generation', function()
      local world = at_weight(make(), 20)
      ask(world, 'rollback', { release = 'podinfo-7', id = 'a' })
      refused(world, 'a', 'it is meant for podinfo%-7, and podinfo%-1 is under way')
      ask(world, 'rollback', { generation = 1, id = 'b' })
      refused(world, 'b', 'it is meant for generation 1 of the target, which has %d+ by now')
      finish(world, 'Succeeded', 'podinfo:2')
    end)
  end)

  describe('to promote', function()
    it('skips the rest of the analysis', function()
      local world = at_weight(make(), 20)
      ask(world, 'promote')
      done(world, 'promote-1', 'the rest of the analysis of podinfo%-1 is skipped')
      finish(world, 'Succeeded', 'podinfo:2')
      local status = world:release().status
      assert.equal('promoted by alice: INC-4711', status.reason)
      assert.same({ kind = 'person', name = 'alice' }, status.endedBy)
      local told = assert(stories.story_of(world:release())).lines
      assert.same({ 'promotion', 'the primary becomes podinfo:2', 'ended' },
        { told[#told - 1].kind, told[#told - 1].text, told[#told].kind })
      assert.equal(0, world:times_told 'canary weight 40')
      assert.equal(1, world:times_told 'Canary analysis was skipped')
    end)

    it('does not wait for the round', function()
      local world = make { analysis = { stepWeight = 20, maxWeight = 40, interval = '5m' } }
      at_weight(world, 20).world:run '1s'
      local before = world.world:now()
      ask(world, 'promote')
      world.world:run('1m', function()
        return world:times_told 'Copying' > 0
      end)
      assert.is_true(world.world:now() - before < 1000)
      finish(world, 'Succeeded', 'podinfo:2')
    end)

    it('passes a gate that is closed', function()
      local world = until_told(make(gated 'confirm-promotion'), 'advancement waiting for')
      ask(world, 'promote')
      done(world, 'promote-1', 'is skipped')
      finish(world, 'Succeeded', 'podinfo:2')
    end)

    it('is refused where the canary is not there yet', function()
      local world = until_told(make(gated 'confirm-rollout'), 'advancement waiting for')
      ask(world, 'promote')
      refused(world, 'promote-1', 'podinfo%-1 has not begun')
    end)

    it('is refused where the canary is not ready', function()
      local world = until_told(make { analysis = WEIGHTS, version = { errors = 0, ready_ms = 1200000 } }, 'Scaling up')
      ask(world, 'promote')
      local answer = await_answer(world, 'promote-1')
      assert.equal('Refused', answer.outcome)
      assert.matches('^the canary is not ready: ', answer.message)
    end)

    it('names the release that the status names', function()
      local world = at_weight(make(), 20)
      local canary = world.world:get('canaries.flagger.app', 'test', 'podinfo')
      local text = ('promote %s -- INC-4711: "it"'):format(canary.status.release)
      canary.metadata.annotations = { ['sluice.dev/request'] = text }
      world.world:update(canary)
      local answer = await_answer(world, text)
      assert.same({ 'Done', 'podinfo-1', 'INC-4711: "it"' }, { answer.outcome, answer.release, answer.reason })
    end)

    it('is refused of what failed', function()
      local world = make { analysis = WEIGHTS, version = { errors = 1 } }
      finish(world, 'Failed', 'podinfo:1')
      ask(world, 'promote')
      refused(world, 'promote-1', 'podinfo%-1 has failed: retry releases it again')
    end)

    it('is refused while it is paused', function()
      local world = at_weight(make(), 20)
      ask(world, 'pause')
      done(world, 'pause-1', 'is paused')
      ask(world, 'promote')
      refused(world, 'promote-1', 'podinfo.test is paused: resume it first')
    end)
  end)

  describe('to approve', function()
    for _, gate in ipairs { 'confirm-rollout', 'confirm-traffic-increase', 'confirm-promotion' } do
      it('opens gate ' .. gate, function()
        local world = until_told(make(gated(gate)), 'advancement waiting for')
        ask(world, 'approve', { gate = gate })
        done(world, 'approve-1', 'gate ' .. gate:gsub('%-', '%%-') .. ' lets podinfo%-1 through')
        until_told(world, 'Normal ' .. gate:sub(1, 1):upper() .. gate:sub(2) .. ' approved by alice: INC-4711')
        if gate == 'confirm-traffic-increase' then -- once
          for i, weight in ipairs { 20, 40 } do
            at_weight(world, weight)
            world.world:run '1m'
            assert.equal(weight == 20 and 'traffic: podinfo-primary 80, podinfo-canary 20'
              or 'traffic: podinfo-primary 60, podinfo-canary 40', world:last_of 'traffic')
            ask(world, 'approve', { id = 'again ' .. i })
            done(world, 'again ' .. i, 'lets')
          end
        end
        finish(world, 'Succeeded', 'podinfo:2')
      end)
    end

    it('is refused where no gate is waited at, and of another gate', function()
      local world = at_weight(make(gated 'confirm-promotion'), 20)
      ask(world, 'approve', { id = 'a' })
      refused(world, 'a', 'podinfo%-1 waits at no gate')
      until_told(world, 'advancement waiting for')
      ask(world, 'approve', { id = 'b', gate = 'confirm-rollout' })
      refused(world, 'b', 'podinfo%-1 waits at gate confirm%-promotion %(gate%), not at confirm%-rollout')
    end)

    it('knows a gate by its webhook, too, as it is shown', function()
      local world = until_told(make { analysis = WEIGHTS, hooks = { ['start-gate'] = 'confirm-rollout' },
        answers = { ['start-gate'] = closed } }, 'advancement waiting for approval start-gate')
      requests.annotate(world, { ['sluice.dev/request'] = 'approve podinfo-1 start-gate' })
      local answer = await_answer(world, 'approve podinfo-1 start-gate')
      assert.equal('gate confirm-rollout lets podinfo-1 through', answer.message)
      assert.equal('confirm-rollout', answer.gate)
      finish(world, 'Succeeded', 'podinfo:2')
    end)

    it('knows the gate in another engine, and after a pause', function()
      local options = gated 'confirm-promotion'
      options.analysis = { stepWeight = 20, maxWeight = 40, interval = '5m' }
      local world = until_told(make(options), 'advancement waiting for')
      world.world:kill_engine()
      world.world:run('2m', function()
        return world.world:engine() == 'ready'
      end)
      ask(world, 'pause')
      done(world, 'pause-1', 'is paused')
      ask(world, 'resume')
      done(world, 'resume-1', 'goes on')
      ask(world, 'approve')
      done(world, 'approve-1', 'gate confirm%-promotion lets')
      finish(world, 'Succeeded', 'podinfo:2')
    end)
  end)

  describe('of a release of a Strategy', function()
    local function scripted(body, hooks)
      local script = ("local param = require 'stdlib.param' return require 'stdlib.strategy' { name = 'own', "
        .. "params = { steps = param.list(param.percent) { default = { 20 } } }, run = function(rollout) %s end }")
        :format(body)
      local answers = {}
      for name in pairs(hooks or {}) do
        answers[name] = closed
      end
      return until_told(make { analysis = {}, strategy = { name = 'own' }, hooks = hooks, answers = answers,
        objects = { { apiVersion = 'sluice.dev/v1alpha1', kind = 'Strategy',
          metadata = { name = 'own', namespace = 'test' }, spec = { script = script } } } }, 'here')
    end

    local WAITS = "rollout:begin() rollout:shift(20) rollout:event 'here' rollout:wait '8h' rollout:promote()"

    it('takes back one that waits for hours', function()
      local world = scripted(WAITS)
      world.world:run '1m'
      ask(world, 'rollback')
      done(world, 'rollback-1', 'taken back')
      finish(world, 'Failed', 'podinfo:1')
    end)

    it('promotes one that waits for hours', function()
      local world = scripted(WAITS)
      world.world:run '1m'
      ask(world, 'promote')
      done(world, 'promote-1', 'is skipped')
      finish(world, 'Succeeded', 'podinfo:2')
    end)

    it('opens the gate that one asks between its rounds, once', function()
      local world = scripted("rollout:begin() rollout:shift(20) rollout:event 'here' rollout:gate 'go' "
        .. "rollout:event 'passed' rollout:gate 'go' rollout:promote()", { go = 'script' })
      until_told(world, 'advancement waiting for go')
      ask(world, 'approve', { gate = 'go' })
      done(world, 'approve-1', 'gate go lets podinfo%-1 through')
      until_told(world, 'Gate go of podinfo.test is open, approved by alice: INC-4711')
      until_told(world, 'passed')
      world.world:run '1m'
      assert.equal('Progressing', world.phase)
      ask(world, 'approve', { id = 'again' })
      done(world, 'again', 'gate go lets')
      finish(world, 'Succeeded', 'podinfo:2')
    end)

    it('opens one of the gates that one waits at', function()
      local world = scripted("rollout:begin() rollout:shift(20) rollout:event 'here' local first = rollout:any { "
        .. "a = { gate = 'go' }, b = { gate = 'stay' } } rollout:event('first ' .. first) rollout:promote()",
        { go = 'script', stay = 'script' })
      world.world:run '1m'
      ask(world, 'approve', { id = 'unnamed' })
      refused(world, 'unnamed', 'podinfo%-1 waits at more than one gate, and one is to be named: go, stay')
      ask(world, 'approve', { gate = 'stay' })
      done(world, 'approve-1', 'gate stay lets podinfo%-1 through')
      until_told(world, 'first b')
      finish(world, 'Succeeded', 'podinfo:2')
    end)
  end)

  it('to roll back ends a hold, too, of a check that is blind', function()
    local world = at_weight(make { analysis = WEIGHTS, strategy = { params = { blind = 'hold' } } }, 20)
    world.world:blind(true)
    world.world:run '1m'
    ask(world, 'rollback')
    done(world, 'rollback-1', 'taken back')
    finish(world, 'Failed', 'podinfo:1')
  end)

  describe('to retry', function()
    local function failed()
      local world = make { analysis = WEIGHTS, version = { errors = 1 } }
      finish(world, 'Failed', 'podinfo:1')
      world.world:version('podinfo:2', { errors = 0 })
      world.world:run '2m' -- until its errors are forgotten
      return world
    end

    it('releases a failed revision again', function()
      local world = failed()
      ask(world, 'retry')
      done(world, 'retry-1', 'podinfo%-2 releases that revision again')
      world.world:run('10m', function()
        return world.phase == 'Succeeded'
      end)
      assert.equal('primary: podinfo:2', world:last_of 'primary')
      assert.equal('alice', world:release(2).spec.request.by)
      world:settle()
      assert.is_nil(world:release(3))
    end)

    it('is refused of one that is under way, and of one that was promoted', function()
      local world = at_weight(make(), 20)
      ask(world, 'retry', { id = 'a' })
      refused(world, 'a', 'podinfo%-1 is under way')
      finish(world, 'Succeeded', 'podinfo:2')
      ask(world, 'retry', { id = 'b' })
      refused(world, 'b', 'podinfo%-1 has not failed')
    end)

    it('is refused once the target has gone back', function()
      local world = failed()
      local target = world.world:get('deployments.apps', 'test', 'podinfo')
      target.spec.template.spec.containers[1].image = 'podinfo:1'
      world.world:update(target)
      world.world:run '1m'
      ask(world, 'retry')
      refused(world, 'retry-1', 'the target has another revision than podinfo%-1 by now')
    end)
  end)

  describe('to pause', function()
    it('holds the release until it is resumed', function()
      local world = at_weight(make(), 20)
      ask(world, 'pause')
      done(world, 'pause-1', 'podinfo.test is paused')
      assert.equal(1, world:times_told 'podinfo.test is paused by alice: INC-4711')
      world.world:run '5m'
      assert.equal(0, world:times_told 'canary weight 40')
      ask(world, 'resume')
      done(world, 'resume-1', 'goes on')
      finish(world, 'Succeeded', 'podinfo:2')
      assert.equal(1, world:times_told 'Request resume by alice: INC-4711: podinfo.test goes on')
      assert.equal(0, world:times_told 'it is not paused any more') -- which says the same
      assert.equal(0, world:times_told 'Request pause')
    end)

    it('works by the annotation alone, as GitOps writes it', function()
      local world = at_weight(make(), 20)
      requests.annotate(world, { ['sluice.dev/pause'] = 'freeze of December' })
      until_told(world, 'podinfo.test is paused: freeze of December')
      world.world:run '5m'
      assert.equal(0, world:times_told 'canary weight 40')
      requests.annotate(world, { ['sluice.dev/pause'] = 'false' })
      until_told(world, 'podinfo.test goes on, it is not paused any more')
      finish(world, 'Succeeded', 'podinfo:2')
      assert.is_nil(requests.answer(world))
    end)

    it('is not ended by a request beside the annotation', function()
      local world = at_weight(make(), 20)
      requests.annotate(world, { ['sluice.dev/pause'] = 'freeze', ['sluice.dev/request'] = 'resume' })
      refused(world, 'resume', 'its annotation sluice.dev/pause is still there: freeze')
    end)
  end)

  it('is answered as done when the next release has begun meanwhile', function()
    local world = at_weight(make(), 20)
    world.world:fates(function(request)
      local answers = request.url:find '/canaries/podinfo/status$' and (request.body or ''):find '"lastRequest"'
      return answers and { status = 500, body = '' } or nil
    end)
    ask(world, 'rollback')
    finish(world, 'Failed', 'podinfo:1')
    requests.change(world, 'deployments.apps', 'podinfo', function(target)
      target.spec.template.spec.containers[1].image = 'podinfo:3'
    end)
    world.world:run('1m', function()
      return world:release(2) ~= nil
    end)
    world.world:run '1s'
    world.world:fates()
    local answer = await_answer(world, 'rollback-1')
    assert.equal('Done podinfo-1 is taken back podinfo-1',
      table.concat({ answer.outcome, answer.message, answer.release }, ' '))
  end)

  it('for another release is refused, and its answer names that one', function()
    local world = at_weight(make(), 20)
    ask(world, 'rollback', { release = 'podinfo-9' })
    refused(world, 'rollback-1', 'it is meant for podinfo%-9, and podinfo%-1 is under way')
    assert.equal('podinfo-9', requests.answer(world).release)
    finish(world, 'Succeeded', 'podinfo:2')
  end)

  it('that cannot be read is refused once', function()
    local world = at_weight(make(), 20)
    requests.annotate(world, { ['sluice.dev/request'] = 'deploy it' })
    refused(world, 'deploy it', "unknown verb 'deploy': promote, rollback")
    finish(world, 'Succeeded', 'podinfo:2')
    assert.equal(1, world:times_told 'A request is refused')
  end)

  it('with the id of another one is refused, and is not told as done', function()
    local world = at_weight(make(), 20)
    ask(world, 'rollback', { id = 'x' })
    done(world, 'x', 'podinfo%-1 is taken back')
    finish(world, 'Failed', 'podinfo:1')
    ask(world, 'resume')
    done(world, 'resume-1', 'is not paused')
    for verb, release in pairs { promote = 'podinfo-1', approve = 'podinfo-1', rollback = 'other-99' } do
      ask(world, verb, { id = 'x', release = release })
      local answer = await_answer(world, 'x')
      assert.equal('Refused', answer.outcome)
      assert.equal('its id x is that of another request: rollback podinfo-1', answer.message)
      ask(world, 'resume', { id = 'after ' .. verb })
      done(world, 'after ' .. verb, 'is not paused')
    end
  end)

  it('that is put back does nothing a second time', function()
    local world = make { analysis = WEIGHTS, version = { errors = 1 } }
    finish(world, 'Failed', 'podinfo:1')
    ask(world, 'retry')
    done(world, 'retry-1', 'podinfo%-2')
    world.world:run('10m', function()
      return world.phase == 'Failed'
    end)
    world:settle()
    ask(world, 'resume') -- another request takes its place
    done(world, 'resume-1', 'is not paused')
    ask(world, 'retry')
    await_answer(world, 'retry-1')
    world:settle()
    assert.is_nil(world:release(3))
  end)
end)

describe('a death at any moment #deaths', function()
  after_each(World.close_all)

  --- What is asked at its time; the story goes on to its end.
  local STORIES = {
    promote = { told = 'canary weight 20' },
    rollback = { told = 'canary weight 20' },
    approve = { told = 'advancement waiting for', options = gated 'confirm-promotion' },
    pause = { told = 'canary weight 20', later = 'resume' },
  }

  local function make_story(verb, story)
    return function(options)
      local world = make(options)
      local asked
      world.world:watch('events', function(event)
        if not asked and event.message:find(story.told) then
          asked = true
          world.world:after('1s', function()
            ask(world, verb)
          end)
          if story.later then
            world.world:after('30s', function()
              ask(world, story.later)
            end)
          end
        end
      end)
      return world
    end
  end

  for verb, story in pairs(STORIES) do
    it('does a request to ' .. verb .. ' once', function()
      local options = {}
      for name, value in pairs(story.options or { analysis = WEIGHTS }) do
        options[name] = value
      end
      killing.before_the_same_end(make_story(verb, story), options, function(world)
        assert.is_nil(world.broken)
        assert.equal(1, world.deaths)
      end, function(world)
        local answer, status = requests.answer(world) or {}, world:release().status
        return table.concat({ world.phase, world:last_of 'primary', world:last_of 'traffic', status.reason,
          answer.id, answer.outcome, answer.message, tostring(world:release(2) == nil),
          'told ' .. world:times_told 'Request ', 'entries ' .. #(status.requests or {}) }, '\n')
      end)
    end)
  end

  it('retries a failed revision once', function()
    local function make_retry(options)
      options.version = { errors = 1 }
      local world = make(options):finish()
      world.world:version('podinfo:2', { errors = 0 })
      world.world:run '2m'
      ask(world, 'retry')
      function world:finish()
        self:_await('the end of the second release', function()
          local second = self:release(2)
          return second and (second.status or {}).state == 'Succeeded'
        end)
        self.world:run '1s'
        return self
      end
      return world
    end
    killing.before_the_same_end(make_retry, { analysis = WEIGHTS }, function(world)
      assert.is_nil(world.broken)
      assert.equal(1, world.deaths)
    end, function(world)
      local answer = requests.answer(world) or {}
      return table.concat({ world.phase, world:last_of 'primary', world:release(2).status.reason, answer.id,
        answer.outcome, answer.message,
        tostring(world:release(3) == nil), 'told ' .. world:times_told 'Request ' }, '\n')
    end)
  end)
end)
