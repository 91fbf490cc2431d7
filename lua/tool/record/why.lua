--- sluice why: the story of one Release, or its verdicts once more.
local agains = require 'tool.record.again'
local moments = require 'tool.record.moment'
local picture = require 'tool.record.picture'
local readable = require 'tool.readable'
local spread = require 'tool.record.spread'
local stories = require 'tool.record.story'
local texts = require 'tool.record.text'

local M = {}

local BAD_INPUT = 2

--- The number at the end of 'podinfo-7'.
local function number_of(object)
  local metadata = type(object) == 'table' and type(object.metadata) == 'table' and object.metadata or {}
  return type(metadata.name) == 'string' and tonumber(metadata.name:match '%-(%d+)$') or 0
end

local function is_asked_for(object, order)
  local spec = type(object.spec) == 'table' and object.spec or {}
  local metadata = type(object.metadata) == 'table' and object.metadata or {}
  return (not order.release or metadata.name == order.release) and (not order.canary or spec.canary == order.canary)
    and (not order.number or number_of(object) == order.number)
end

--- The Release that is asked for: that of a name or of a number, or the last one.
local function choose(order)
  local chosen, first
  for _, object in ipairs(spread(order.objects)) do
    local is_release = type(object) == 'table' and object.kind == 'Release'
    first = first or object
    if is_release and is_asked_for(object, order)
      and (not chosen or number_of(object) > number_of(chosen)) then
      chosen = object
    end
  end
  if chosen or not (order.canary or order.release) then
    return chosen or first
  end
end

--- A bare word is a Canary's name, or that of a Release, as all that tells of one has it.
local function find(order)
  local object = choose(order)
  if object == nil and order.canary and not order.number then
    object = choose { objects = order.objects, release = order.canary }
  end
  return object
end

--- The Canary of a Release, where it is among the objects.
local function canary_of(order, release)
  local spec = type(release) == 'table' and type(release.spec) == 'table' and release.spec or {}
  for _, object in ipairs(spread(order.objects)) do
    local metadata = type(object) == 'table' and object.kind == 'Canary' and object.metadata
    if type(metadata) == 'table' and metadata.name == spec.canary then
      return object
    end
  end
end

local function refused(problem)
  return { status = BAD_INPUT, problem = readable(problem) }
end

local function missing(order)
  local what = order.release and 'Release ' .. order.release
    or order.number and ('Release %s-%d'):format(order.canary, order.number)
    or ('Release of the Canary %s'):format(order.canary or '')
  return refused(('there is no %s %s'):format(what, order.place))
end

local function tell_again(result, object)
  local story = stories.story_of(object)
  local lines = {}
  for _, one in ipairs(result.differences) do
    local at = one.at_ms and story.started_ms and moments.clock(one.at_ms - story.started_ms) .. '  ' or ''
    lines[#lines + 1] = ('%s%s %s: %s on record, %s once more'):format(at, one.place, one.metric or '', one.recorded,
      one.again)
  end
  local untold = result.untold > 0 and (' (%d more say that there was nothing to judge by, or have no value that is '
    .. 'on record)'):format(result.untold) or ''
  lines[#lines + 1] = ('%d of %d agree%s'):format(result.agree, result.of, untold)
  return lines
end

local function run_again(order, object)
  local result, problem = agains.judge(object)
  if not result then
    return refused(problem)
  end
  return { status = result.differences[1] and 1 or 0, document = order.json and result or nil,
    text = not order.json and readable(table.concat(tell_again(result, object), '\n')) .. '\n' or nil }
end

---@class WhyOrder
---@field objects any[] documents of a file, or Releases of a cluster
---@field place string where they come from: 'in the namespace test', 'in release.yaml'
---@field canary string? or the name of a Release, where no Canary is called so
---@field release string? by its name
---@field number integer?
---@field replay boolean
---@field json boolean
---@field html boolean a page is wanted
---@field columns integer?

--- What is told of it.
---@param order WhyOrder
---@return { status: integer, text: string?, document: table?, html: string?, problem: string? }
function M.run(order)
  local object = find(order)
  if object == nil then
    return missing(order)
  elseif order.replay then
    return run_again(order, object)
  end
  local story, problem = stories.story_of(object, canary_of(order, object))
  if not story then
    return refused(problem)
  end
  local html = order.html and picture.draw(object, story) or nil
  if order.json then
    return { status = 0, document = story, html = html }
  end
  return { status = 0, html = html, text = readable(table.concat(texts.lines(story, order.columns), '\n')) .. '\n' }
end

return M
