--- What Strategies and Checks of a team's own have in common: a Canary waits for the object that it names and is
--- refused when the script does not load or the parameters do not fit, and a release keeps the script that it began
--- with.
local assert = require 'luassert'
local busted = require 'busted' -- describe and it are globals of spec files only

local M = {}

---@class OwnScript
---@field kind 'Strategy'|'Check'
---@field plural string 'checks', of its kind
---@field name string of the object, in the namespace test
---@field file string what a message calls the script: 'checks/test/guard.lua'
---@field script string
---@field modules table<string, string>
---@field parameters string their names, in the column of kubectl
---@field params table[] what its status says of each
---@field world fun(params: table?): World whose Canary names it, and whose version is good
---@field absent string what its Canary says without it
---@field problems table<string, string[]> a script that does not load, and what is said of it
---@field misfits table<string, { [1]: table, [2]: string }> parameters that do not fit, and what is said of them
---@field other { [1]: string, [2]: string } what another script does, and the script
---@field keeps fun(world: World) asserts what an edit in mid-run has not changed

--- Its object, with another script or in another namespace.
---@param own OwnScript
---@param script string?
---@param namespace string?
---@return table
function M.object(own, script, namespace)
  return { apiVersion = 'sluice.dev/v1alpha1', kind = own.kind,
    metadata = { name = own.name, namespace = namespace or 'test' },
    spec = { script = script or own.script, modules = own.modules } }
end

local function resource(own)
  return own.plural .. '.sluice.dev'
end

local function ready(own, world)
  return world:condition('Ready', resource(own), own.name)
end

--- The object that is there gets this script.
local function rewrite(own, world, script)
  local object = world.world:get(resource(own), 'test', own.name)
  object.spec.script = script
  world.world:update(object)
end

local function succeeds(world)
  world:finish()
  assert.equal('Succeeded', world.phase, world:story())
end

local function status(own)
  busted.it('says in its status that it loads, and what it declares', function()
    local world = own.world()
    world.world:create(M.object(own))
    world:initialise()
    assert.equal('True', ready(own, world).status)
    local said = world.world:get(resource(own), 'test', own.name).status
    assert.equal(own.parameters, said.parameters)
    assert.same(own.params, said.params)
  end)

  busted.it('says in its status that its script says another name', function()
    local world = own.world()
    local script, count = own.script:gsub("name = '" .. own.name .. "'", "name = 'other'")
    assert.equal(1, count)
    world.world:create(M.object(own, script))
    world:initialise()
    assert.equal('True', ready(own, world).status)
    assert.equal('the script loads; the name "other" that it says counts for nothing', ready(own, world).message)
  end)

  busted.it('may come after its Canary, which waits for it', function()
    local world = own.world()
    world.world:run '2m'
    assert.equal('False', world:condition('Accepted').status)
    assert.matches(own.absent, world:condition('Accepted').message, 1, true)
    world.world:create(M.object(own))
    succeeds(world:initialise():push())
    assert.is_nil(world:condition 'Accepted')
  end)
end

local function problems(own)
  local all = {
    ['does not parse'] = { 'return +', own.file .. ":1:8: unexpected symbol near '+'" },
    ['requires the host'] = { "require 'host'", own.file .. ":1:1: module 'host' is not for scripts" },
    ['has a default that does not fit'] = {
      'return require "stdlib.' .. own.kind:lower() .. '" { name = "x", run = print, params = {\n' ..
      'a = require "stdlib.param".percent { default = 120 } } }', 'a.default: at most 100 is wanted, got 120' },
  }
  for problem, wrong in pairs(own.problems) do
    assert(all[problem] == nil, problem)
    all[problem] = wrong
  end
  for problem, wrong in pairs(all) do
    busted.it('that ' .. problem .. ' stops its Canary alone, and says the line', function()
      local world = own.world()
      world.world:create(M.object(own, wrong[1]))
      world.world:run '2m'
      assert.equal('False', ready(own, world).status)
      assert.matches(wrong[2], ready(own, world).message, 1, true)
      assert.equal('False', world:condition('Accepted').status)
      assert.matches(wrong[2], world:condition('Accepted').message, 1, true)
      assert.not_equal('Initialized', world.phase)
      rewrite(own, world, own.script)
      succeeds(world:initialise():push())
      assert.equal('True', ready(own, world).status)
    end)
  end
end

local function misfits(own)
  for given, wrong in pairs(own.misfits) do
    busted.it('refuses ' .. given .. ' before any traffic moves', function()
      local world = own.world(wrong[1])
      world.world:create(M.object(own))
      world.world:run '2m'
      assert.equal('False', world:condition('Accepted').status)
      assert.matches(wrong[2], world:condition('Accepted').message, 1, true)
    end)
  end
end

local function changes(own)
  for what, change in pairs {
    ['is broken'] = function(world)
      rewrite(own, world, 'return +')
    end,
    ['is deleted'] = function(world)
      world.world:delete(resource(own), 'test', own.name)
    end,
    [own.other[1]] = function(world)
      rewrite(own, world, own.other[2])
    end,
  } do
    busted.it('that ' .. what .. ' in mid-run does not reach the release under way', function()
      local world = own.world()
      world.world:create(M.object(own))
      world:initialise():push().world:run '25s'
      assert.equal('Progressing', world.phase)
      change(world)
      world.world:kill_engine()
      succeeds(world)
      own.keeps(world)
    end)
  end
end

--- The specs of all that, for the block of the kind; World.close_all comes after each.
---@param own OwnScript
function M.specs(own)
  status(own)
  problems(own)
  misfits(own)
  changes(own)
end

return M
