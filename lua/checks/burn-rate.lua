--- Whether the canary uses its error budget up too fast: over a long window, and over a short one within it, so that it
--- is still so (The Site Reliability Workbook, "Alerting on SLOs"). No window reaches back before the release began.
local check, param = require 'stdlib.check', require 'stdlib.param'
local duration = require 'stdlib.duration'
local stats = require 'stdlib.stats'

local ALL = [[
  sum(increase(istio_requests_total{
    reporter="destination", destination_workload_namespace="{{ namespace }}", destination_workload="{{ target }}"
  }[%ds])) or vector(0)]]
local FAILED = [[
  sum(increase(istio_requests_total{
    reporter="destination", destination_workload_namespace="{{ namespace }}", destination_workload="{{ target }}",
    response_code=~"5.*"
  }[%ds])) or vector(0)]]

--- Errors and requests of a window, as they are in the last so many seconds of the release.
---@return { errors: number, requests: number }?
---@return string? cause of nil
local function count(c, window)
  local lasts = math.max(math.ceil((c.now - c.started) / 1000), 1)
  local seconds = math.min(math.ceil(duration.parse(window) / 1000), lasts)
  local requests, cause = c:query(ALL:format(seconds))
  if not requests then
    return nil, cause
  end
  local errors
  errors, cause = c:query(FAILED:format(seconds))
  return errors and { errors = math.max(errors, 0), requests = math.max(requests, errors, 0) }, cause
end

--- The first pair of windows with its counts, and those others that the release is old enough for, with the places of
--- their parameters; nil and the cause where there is no answer.
---@return table[]?
---@return integer[]|string places_or_cause
local function windows_of(c)
  local params, list, places = c.params, {}, {}
  for i, factor in ipairs(params.factors) do
    if i == 1 or c.now - c.started >= duration.parse(params.short[i]) then
      local long, short, cause
      long, cause = count(c, params.long[i])
      if long then
        short, cause = count(c, params.short[i])
      end
      if not short then
        return nil, cause
      end
      list[#list + 1] = { long = long, short = short, factor = factor }
      places[#list] = i
    end
  end
  return list, places
end

--- The pair that is nearest to its factor, of those that have requests enough; nil: none has.
local function worst_of(result, windows)
  local worst, most
  for i, pair in ipairs(result.pairs) do
    local rate = math.min(pair.long or 0, pair.short or 0)
    if windows[i].long.requests >= pair.needed and (not most or rate / pair.factor > most) then
      worst, most = { rate = rate, at = i, needed = pair.needed }, rate / pair.factor
    end
  end
  return worst
end

return check {
  name = 'burn-rate',
  params = {
    objective = param.number { default = 99.9, min = 1, max = 99.9999, doc = 'percent of the requests that succeed' },
    long = param.list(param.duration) { default = { '1h', '6h' }, min = 1, max = 5, doc = 'windows' },
    short = param.list(param.duration) { default = { '5m', '30m' }, min = 1, max = 5, doc = 'one within each' },
    factors = param.list(param.number) { default = { 14.4, 6 }, min = 1, max = 5,
      doc = 'how many times as fast as it may the budget goes, for each' },
  },
  run = function(c)
    local params = c.params
    if #params.long ~= #params.factors or #params.short ~= #params.factors then
      error(('burn-rate: as many long, short and factors are wanted, got %d, %d and %d'):format(#params.long,
        #params.short, #params.factors), 0)
    end
    local windows, places = windows_of(c)
    if not windows then
      return c:blind(places)
    end
    local result = stats.burn_rate(params.objective / 100, windows)
    local worst = worst_of(result, windows)
    if not worst then
      local least = result.pairs[1]
      local seen = math.floor(windows[1].long.requests + 0.5)
      return c:blind(('%d of %d requests: one error alone would be a burn rate above %g'):format(seen, least.needed,
        least.factor), { cause = 'too few samples', samples = seen, needed = least.needed })
    end
    local window, place = windows[worst.at], places[worst.at]
    local text = ('the error budget goes %%.1f times as fast as it may over %s and %s')
      :format(params.long[place], params.short[place])
    return c:judge(worst.rate, { max = window.factor, samples = window.long.requests, needed = worst.needed }, text)
  end,
}
