--- Servers are tried once, as they are named: one that does not answer is known before a round needs it.
local readable = require 'tool.readable'
local unmeasured = require 'tool.shadow.unmeasured'

local M = {}

---@class Trial
---@field tried table<string, true> by address
---@field asked table<integer, string> the address as texts may show it, by its question
local Trial = {}
Trial.__index = Trial

---@return Trial
function M.new()
  return setmetatable({ tried = {}, asked = {} }, Trial)
end

local NEED = '; rounds that need it are not compared'

--- A Canary that names no server, where the command does not either.
---@return string? warning the first time
function Trial:without()
  local is_told = self.tried['']
  self.tried[''] = true
  return not is_told and 'no Prometheus is known: --prometheus URL names one' .. NEED or nil
end

--- What every Prometheus can answer; nil: this one was asked already.
---@param id integer
---@param server string
---@param shown string the address as texts may show it
---@return table?
function Trial:question(id, server, shown)
  if self.tried[server] then
    return nil
  end
  self.tried[server], self.asked[id] = true, shown
  return { id = id, kind = 'query', query = 'vector(1)', server = server }
end

--- A warning, for people; nil: the server has answered, or the question is another's.
---@param id integer
---@param answer table as operation `query` has it
---@return string?
function Trial:answer(id, answer)
  local shown = self.asked[id]
  self.asked[id] = nil
  local lacking = shown and unmeasured.of({}, answer, shown)
  return lacking and readable((lacking:gsub('%c+', ' '))) .. NEED or nil
end

return M
