--- Which of the known names a misspelt one is nearest to.
local M = {}

--- The number of letters that differ (Levenshtein).
function M.distance(a, b)
  local row = {}
  for j = 0, #b do
    row[j] = j
  end
  for i = 1, #a do
    local diagonal = row[0]
    row[0] = i
    for j = 1, #b do
      local cost = a:byte(i) == b:byte(j) and 0 or 1
      row[j], diagonal = math.min(row[j] + 1, row[j - 1] + 1, diagonal + cost), row[j]
    end
  end
  return row[#b]
end

--- All names but those that begin with _, the nearest one first, and those as near in the order of their letters.
---@param name string
---@param known table<string, any> by name
---@return string[]
function M.sorted(name, known)
  local names, far = {}, {}
  for other in pairs(known) do
    if not other:find '^_' then
      names[#names + 1], far[other] = other, M.distance(name, other)
    end
  end
  table.sort(names, function(a, b)
    if far[a] ~= far[b] then
      return far[a] < far[b]
    end
    return a < b
  end)
  return names
end

--- ", known are promote, open, …": the three that are nearest; "" without any.
function M.known(name, known)
  local names = M.sorted(name, known)
  if #names == 0 then
    return ''
  end
  return ', known are ' .. table.concat(names, ', ', 1, math.min(#names, 3)) .. (#names > 3 and ', …' or '')
end

return M
