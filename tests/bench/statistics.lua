--- What a fixed bound and the check sequential-success-rate make of releases with few requests: `luajit
--- tests/bench/statistics.lua [RELEASES]`, in the folder of the repository. The canary has a tenth of the requests; a
--- release is promoted after ten good rounds, and taken back after three failed ones by the fixed bound (a success rate
--- of 99 %), and after the first by the check. Each line is so many releases, drawn by chance from a fixed seed.
local few_requests = require 'spec.few_requests'

local RELEASES = tonumber(arg[1]) or 2000

local ROW = '| %8s | %7s | %6s | %8s | %10s | %8s | %10s | %8s |'
local JUDGES = {
  { judge = few_requests.fixed(0.99), threshold = 3 },
  { judge = few_requests.sequential(), threshold = 1 },
}

local function percent(share)
  return ('%.1f %%'):format(100 * share)
end

local function play(requests, fine, rate)
  local cells = { requests, percent(fine), percent(rate) }
  for _, by in ipairs(JUDGES) do
    local found = few_requests.play({
      requests = { canary = { requests }, primary = { 9 * requests } },
      rates = { canary = few_requests.steady(rate), primary = few_requests.steady(fine) },
      rounds = 10, threshold = by.threshold, judge = by.judge,
    }, RELEASES, 1)
    cells[#cells + 1], cells[#cells + 2] = percent(found.promoted), percent(found.taken_back)
    cells[9] = ('%.0f'):format(found.requests)
  end
  cells[8] = cells[9]
  print(ROW:format(unpack(cells, 1, 8)))
end

print(('%d releases a line; errors of primary and canary; requests of the canary until the end by the check')
  :format(RELEASES))
print(ROW:format('requests', 'primary', 'canary', 'fixed:', 'taken', 'check:', 'taken', 'requests'))
print(ROW:format('a round', 'errors', 'errors', 'promoted', 'back', 'promoted', 'back', 'needed'))
print((ROW:format('', '', '', '', '', '', '', ''):gsub('[^|]', '-')))
for _, requests in ipairs { 5, 20, 50 } do
  for _, case in ipairs { { 0.002, 0.002 }, { 0.002, 0.02 }, { 0.002, 0.05 }, { 0.01, 0.01 }, { 0.01, 0.02 },
    { 0.01, 0.05 }, { 0.05, 0.05 }, { 0.05, 0.15 } } do
    play(requests, case[1], case[2])
  end
end
