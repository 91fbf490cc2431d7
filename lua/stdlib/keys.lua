--- The keys of tables, in an order that is the same in each process: what is told of a table, or signed, is then the
--- same text each time. The sandbox walks tables in order by itself; commands run outside of it.
local M = {}

local RANK = { number = 1, string = 2 }

local function is_before(a, b)
  local rank_of_a, rank_of_b = RANK[type(a)] or 3, RANK[type(b)] or 3
  if rank_of_a ~= rank_of_b then
    return rank_of_a < rank_of_b
  elseif rank_of_a == 3 then
    return tostring(a) < tostring(b)
  end
  return a < b
end

--- Numbers by their size, then texts by their bytes, then the others by what `tostring` says of them.
---@generic K
---@param t table<K, any>
---@return K[]
function M.sorted(t)
  local keys, are_texts = {}, true
  for key in pairs(t) do
    keys[#keys + 1], are_texts = key, are_texts and type(key) == 'string'
  end
  table.sort(keys, not are_texts and is_before or nil) -- texts alone, as most tables have, need no function of Lua
  return keys
end

return M
