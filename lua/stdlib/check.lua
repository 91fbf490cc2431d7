--- What the file of a check returns: `return check { name = …, params = { … }, run = function(c) … end }`.

---@class Check: Definition
---@field name string
---@field params table<string, Param>? declared with stdlib.param; the values are in c.params
---@field run fun(c: sluice.Check): Outcome measures, and gives what c:judge or c:blind gives (stdlib.checking)

return require 'stdlib.definition'.of 'check'
