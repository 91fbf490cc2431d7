local World = require 'spec.fake_host'
local contract = require 'spec.contract'

describe('stdlib.calendar', function()
  after_each(World.prove_closed)

  local calendar = World.new():require 'stdlib.calendar'

  --- 2026-03-11T08:15:07Z, a Wednesday.
  local NOW = 1773216907000
  local MINUTE, HOUR, DAY = 60000, 3600000, 86400000

  --- Until these hours begin, from `now` on.
  local function from(now, given)
    local hours = assert(calendar.read(given))
    local answer = contract.calendar(now, hours)
    return answer.ms, answer.error
  end

  for what, case in pairs {
    ['always, without fields'] = { {}, 0 },
    ['within them'] = { { weekdays = 'Mon-Fri', from = '08:00', to = '16:00', zone = 'Europe/Berlin' }, 0 },
    ['later on the day'] = { { from = '10:00', zone = 'Europe/Berlin' }, 45 * MINUTE - 7000 },
    ['on another day'] = { { weekdays = 'Fri-Sun', from = '08:00' }, 2 * DAY - 15 * MINUTE - 7000 },
    ['on days in a list'] = { { weekdays = { 'Thu', 'Sat,Sun' } }, 15 * HOUR + 45 * MINUTE - 7000 },
    ['but on no Wednesday'] = { { except = { 'Wed' } }, 15 * HOUR + 45 * MINUTE - 7000 },
    ['but on no such date'] = { { except = { '2026-03-11..2026-03-12' } }, DAY + 15 * HOUR + 45 * MINUTE - 7000 },
    ['over midnight'] = { { weekdays = 'Tue', from = '22:00', to = '9:00' }, 0 },
  } do
    it('finds hours ' .. what, function()
      assert.equal(case[2], from(NOW, case[1]))
    end)
  end

  it('goes by local clocks, over both changes of them', function()
    local hours = { weekdays = 'Mon', from = '08:00', to = '09:00', zone = 'Europe/Berlin' }
    local thursday = NOW + 15 * DAY + 45 * MINUTE - 7000 -- 26 March, 09:00 UTC
    assert.equal(4 * DAY - 3 * HOUR, from(thursday, hours)) -- 06:00 UTC
    local october = thursday + 210 * DAY -- Thursday, 22 October
    assert.equal(4 * DAY - 2 * HOUR, from(october, hours)) -- 07:00 UTC
  end)

  it('names a zone that is not there', function()
    local _, problem = from(NOW, { zone = 'Europe/Berln' })
    assert.equal('there is no time zone "Europe/Berln" in /usr/share/zoneinfo', problem)
  end)

  for problem, given in pairs {
    ["weekdays: days like 'Mon-Fri' or 'Sat,Sun' are wanted, got 'Mo-Fr'"] = { weekdays = 'Mo-Fr' },
    ["weekdays: days like 'Mon-Fri' or 'Sat,Sun' are wanted, got 5"] = { weekdays = 5 },
    ["from: a time of day like '08:00' is wanted, got 8"] = { from = 8 },
    ["from: a time of day like '08:00' is wanted, got '24:00'"] = { from = '24:00' },
    ["to: a time of day like '08:00' is wanted, got '24:01'"] = { to = '24:01' },
    ['to: a time that is not that of `from` is wanted, got \'08:00\''] = { from = '08:00', to = '08:00' },
    ["zone: a name like 'Europe/Berlin' is wanted, got 1"] = { zone = 1 },
    ["except: a list like { 'Fri', '2026-12-24' } is wanted, got 'Fri'"] = { except = 'Fri' },
    ["except[1]: a weekday, a date like '2026-12-24' or two with .. between them are wanted, got '2026-13-24'"] =
      { except = { '2026-13-24' } },
    ["except[1]: a weekday, a date like '2026-12-24' or two with .. between them are wanted, got "
      .. "'2026-12-24..2026-12-23'"] = { except = { '2026-12-24..2026-12-23' } },
    ['weekdays: one that `except` leaves is wanted, there is none'] = { weekdays = 'Fri', except = { 'Mon-Fri' } },
  } do
    it('says: ' .. problem, function()
      local hours, why = calendar.read(given)
      assert.is_nil(hours)
      assert.equal(problem, why)
    end)
  end
end)
