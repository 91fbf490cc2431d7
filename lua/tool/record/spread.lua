--- Objects of a file one by one, also those of a List.
---@param documents any[]
---@return any[] objects
return function(documents)
  local objects = {}
  for _, object in ipairs(documents) do
    if type(object) == 'table' and type(object.items) == 'table' and tostring(object.kind):find 'List$' then
      for _, item in ipairs(object.items) do
        objects[#objects + 1] = item
      end
    else
      objects[#objects + 1] = object
    end
  end
  return objects
end
