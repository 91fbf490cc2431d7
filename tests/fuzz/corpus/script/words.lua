return { name = 'fuzz', run = function(host)
  local done, result = host.enter('shift', { weight = 30, list = host.array {} })
  if not done then
    local ok, answer = pcall(host.call, 'act', { { kind = 'route', primary = 70, canary = 30 } })
    host.evidence { verdict = 'pass', value = 0.5 }
    host.leave(answer)
  end
  host.log(('%s %d'):format(tostring(result), 3))
end }
