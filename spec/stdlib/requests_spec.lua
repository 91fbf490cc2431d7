--- Rules that tell requests apart: what scripts write, and what a VirtualService gets of it.
local World = require 'spec.fake_host'

describe('stdlib.requests', function()
  after_each(World.prove_closed)

  local requests = World.new():require 'stdlib.requests'

  --- A rule by headers, so many of them.
  local function headers(count)
    local names = {}
    for i = 1, count do
      names['x-' .. i] = 'y'
    end
    return { headers = names }
  end

  local function list_of(rule, count)
    local list = {}
    for i = 1, count do
      list[i] = rule
    end
    return list
  end

  for name, case in pairs {
    ['a text as an equal one'] = { { headers = { ring = 'a' } }, { { headers = { ring = { exact = 'a' } } } } },
    ['a cookie beside headers'] = { { headers = { ring = { prefix = 'a' } }, cookies = { user = 'b' } },
      { { headers = { ring = { prefix = 'a' }, cookie = { regex = '^(.*;\\s*)?user=(b)(;.*)?$' } } } } },
    ['the beginning of a cookie'] = { { cookies = { user = { prefix = 'b.' } } },
      { { headers = { cookie = { regex = '^(.*;\\s*)?user=(b\\.)[^;]*(;.*)?$' } } } } },
    ['a cookie by an expression'] = { { cookies = { ['a.b'] = { regex = '[0-9]+' } } },
      { { headers = { cookie = { regex = '^(.*;\\s*)?a\\.b=([0-9]+)(;.*)?$' } } } } },
    ['a parameter of the query in upper case'] = { { queryParams = { Beta = { regex = 'y|1' } } },
      { { queryParams = { Beta = { regex = 'y|1' } } } } },
  } do
    it('takes ' .. name, function()
      assert.same(case[2], requests.read(case[1]))
    end)
  end

  it('takes ten rules of ten names, and texts of 1,024 bytes', function()
    assert.equal(10, #requests.read(list_of(headers(10), 10)))
    assert.is_table(requests.read { headers = { ring = ('x'):rep(1024) } })
  end)

  for problem, given in pairs {
    ['rules: at most 10 are wanted, got 11'] = list_of(headers(1), 11),
    ['rules[1].headers: a table of 1 to 10 names is wanted, got 11 names'] = headers(11),
    ['rules[1].headers: a table of 1 to 10 names is wanted, got 0 names'] = { headers = {} },
    ['rules[1].headers.ring: a text, or one of { exact = … }, { prefix = … } and { regex = … } is wanted, got '] = {
      headers = { ring = ('x'):rep(1025) } },
    ['rules[1].headers.ring: a text, or one of { exact = … }, { prefix = … } and { regex = … } is wanted, got a table '
      .. 'of 2 fields'] = { headers = { ring = { exact = 'a', prefix = 'b' } } },
    ['rules[2]: a table with headers, queryParams or cookies is wanted, got 5'] = { headers(1), 5 },
    ['rules[1].cookies: one cookie in a rule is wanted, got several'] = { cookies = { a = '1', b = '2' } },
  } do
    it('says ' .. problem, function()
      local rules, text = requests.read(given)
      assert.is_nil(rules)
      assert.equal(problem, text:sub(1, #problem))
    end)
  end
end)
