--- What the file of a check returns: `return check { name = …, params = { … }, run = function(c) … end }`.

---@class Check
---@field name string
---@field params table<string, Param>? declared with stdlib.param; the values are in c.params
---@field run fun(c: sluice.Check): sluice.Verdict measures, and gives what c:judge or c:blind gives

---@type fun(definition: Check): Check
local check = require 'stdlib.definition'.of 'check'

return check
