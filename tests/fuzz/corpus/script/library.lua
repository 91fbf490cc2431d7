local t = setmetatable({ b = 1, a = 2, 3, 4 }, { __index = function(_, k) return k end, __tostring = function() return 't' end })
return { name = 'fuzz', run = function(host)
  for k, v in pairs(t) do print(k, v, t) end
  for k in next, { x = 1, y = 2 } do t[k] = nil end
  table.sort(t, function(a, b) return host.random() < 0.5 end)
  print((('a b c'):gsub('(%w) ?', function(w) return w:rep(2, '-') end)), ('x'):find('x*', 1), load('return 1')())
  local co = coroutine.wrap(function(...) coroutine.yield(...) end)
  co(1) co()
  xpcall(error, function(m) return select('#', m) end, { 1 })
  host.call('query', { query = 'up' })
end }
