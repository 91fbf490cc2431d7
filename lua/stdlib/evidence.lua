--- What a release keeps of each verdict, for people who ask later why it did what it did; nothing is decided by it. The
--- engine adds when it was, the round, the canary's share, who was asked, and the strategy's line that asked
--- (core/release/note.c).
local host = require 'host'
local sentences = require 'stdlib.sentences'
local verdicts = require 'stdlib.verdict'

local M = {}

---@class Evidence
---@field metric string?
---@field hook string? a webhook whose answer counted as a failed check, in place of a metric
---@field own boolean? by a team's own check
---@field word string? of a script that asked outside of a round: nothing was counted
---@field verdict 'pass'|'fail'|'blind'
---@field value number?
---@field unit string?
---@field min number?
---@field max number?
---@field margin number? how far inside of the bounds; below 0 outside
---@field samples integer?
---@field needed integer?
---@field cause string? of blind
---@field problem string? of blind: why, for people
---@field text string? of a team's own check: what it found, for people
---@field query string? queries of one check are joined by '; '
---@field template string? the MetricTemplate whose provider was asked, 'namespace/name'
---@field way 'hold'|'ignore'|nil of one that neither passes nor counts
---@field failed integer? of a verdict that counts: failed checks, this one among them
---@field threshold integer? with `failed`: so many take the release back
---@field reason string? the event, where there is one

--- How many failed checks take a release back.
---@param spec table Canary.spec
---@return integer
function M.threshold(spec)
  return math.max(1, spec.analysis.threshold or 1)
end

--- Counted verdicts say which failed check this is, and of how many.
local function count(evidence, facts, spec)
  evidence.failed, evidence.threshold = facts.failed_checks + 1, M.threshold(spec)
end

local function one_of(verdict)
  local bounds = verdict.bounds or {}
  return {
    metric = verdict.metric,
    own = verdict.own,
    verdict = verdict.verdict,
    value = verdicts.finite_value(verdict),
    unit = verdict.unit,
    min = bounds.min,
    max = bounds.max,
    margin = verdict.margin,
    samples = verdict.samples,
    needed = verdict.needed,
    cause = verdict.cause,
    problem = verdict.problem,
    text = verdict.text ~= verdict.problem and verdict.text or nil,
    query = verdict.query and verdict.query:match('^ ?(.-) ?$'),
    template = verdict.template,
  }
end

--- Keeps the verdict of a round.
---@param verdict Verdict
---@param facts table see _meta/operations.lua
---@param spec table Canary.spec
---@param way 'pass'|'fail'|'hold'|'ignore' what becomes of it
function M.keep(verdict, facts, spec, way)
  local evidence = one_of(verdict)
  evidence.reason = sentences.of(verdict, facts)
  if way == 'fail' then
    count(evidence, facts, spec)
  elseif way ~= 'pass' then
    evidence.way = way
  end
  host.evidence(evidence)
end

--- Keeps what a word of a script has found.
---@param word string
---@param verdict Verdict
function M.keep_of_word(word, verdict)
  local evidence = one_of(verdict)
  evidence.word = word
  host.evidence(evidence)
end

--- Keeps that a webhook's answer counts as a failed check.
---@param name string of the hook
---@param reason string the event
---@param facts table see _meta/operations.lua
---@param spec table Canary.spec
function M.keep_hook(name, reason, facts, spec)
  local evidence = { hook = name, verdict = 'fail', reason = reason }
  count(evidence, facts, spec)
  host.evidence(evidence)
end

return M
