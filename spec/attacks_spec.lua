--- What hostile scripts try, and what it comes to: spec/attacks has them by class, spec/attack_doors.lua lets them in.
--- None may get out of the sandbox, crash or hang the engine, or reach the next release.
local doors = require 'spec.attack_doors'

local CLASSES = { 'escapes', 'words', 'errors', 'loading', 'spins', 'patterns', 'memory', 'coroutines', 'checks',
  'adapters', 'check_adapters', 'json' }

local LINES_MAX = 300 -- of log, the engine's own among them

local STOPPED = { time = 'of CPU time in one step', limit = 'more than ' }

---@param attack Attack
---@return string how
---@return string? text
local function wanted(attack)
  if attack.refused then
    return 'refused', attack.refused
  elseif attack.raised then
    return 'raised', attack.raised
  elseif attack.stopped then
    return 'raised', STOPPED[attack.stopped]
  end
  return 'harmless'
end

---@param attack Attack
---@param outcome Outcome
local function judge(attack, outcome)
  local how, text = wanted(attack)
  assert.equal(how, outcome.how, outcome.text)
  if text then
    assert.matches(text, outcome.text, 1, true)
  end
  assert.is_true(outcome.lines < LINES_MAX, outcome.lines .. ' lines of log')
  local told = table.concat(outcome.told, '\n')
  if attack.tells then
    assert.matches(attack.tells, told, 1, true)
  end
  if attack.silent then
    assert.not_matches(attack.silent, told, 1, true)
  end
end

for _, class in ipairs(CLASSES) do
  local attacks = require('spec.attacks.' .. class)

  describe(('an attack by %s (at the door of %s)'):format(class, attacks.door), function()
    local door

    local function close()
      if door then
        door:close()
      end
      door = nil
    end

    teardown(close)

    for _, attack in ipairs(attacks) do
      it(attack[1], function()
        if attacks.door:find '^an adapter' then
          judge(attack, doors.ask(attack, attacks.door == 'an adapter of a Check'))
          return
        end
        door = door or doors.open(attacks.door)
        local good, problem = pcall(function()
          judge(attack, door:take(attack))
          assert.is_nil(door:harm())
        end)
        if not good then
          close() -- the next one is judged in a world of its own
          error(problem, 0)
        end
      end)
    end
  end)
end
