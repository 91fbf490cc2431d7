--- The order of values for sort, topk and their like: what is no number comes last, and of equal values the first one
--- first.
local M = {}

--- The places of the values, in order.
---@param values number[]
---@param is_before fun(a: number, b: number): boolean
---@return integer[]
function M.places(values, is_before)
  local places = {}
  for i = 1, #values do
    places[i] = i
  end
  table.sort(places, function(a, b)
    local x, y = values[a], values[b]
    if x ~= x or y ~= y then
      return x == x and y ~= y or (x ~= x) == (y ~= y) and a < b
    end
    return is_before(x, y) or x == y and a < b
  end)
  return places
end

return M
