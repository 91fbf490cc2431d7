local World = require 'spec.fake_host'

describe('stdlib.moment', function()
  after_each(World.prove_closed)

  local moment = World.new():require 'stdlib.moment'

  for seconds, wanted in pairs {
    [0] = '1970-01-01T00:00:00Z',
    [951782399] = '2000-02-28T23:59:59Z',
    [951782400] = '2000-02-29T00:00:00Z',
    [1773216907] = '2026-03-11T08:15:07Z',
    [4107542399] = '2100-02-28T23:59:59Z',
    [4107542400] = '2100-03-01T00:00:00Z',
  } do
    it('writes ' .. wanted, function()
      local basic, extended = moment.written(seconds)
      assert.equal(wanted, extended)
      assert.equal(wanted:gsub('[-:]', ''), basic)
    end)
  end
end)
