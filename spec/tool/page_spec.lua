--- The pages that dryrun, backtest and why write with --html.
local html = require 'tool.page.html'
local figure = require 'tool.page.figure'
local scale = require 'tool.page.scale'
local backtest = require 'tool.page.backtest'
local release = require 'tool.page.release'

describe('tool.page.html', function()
  it('lets no text become markup', function()
    assert.equal('<p class="a&quot;b">1 &lt; 2 &amp; <br>&#39;</p>',
      html.element('p', { class = 'a"b' }, '1 < 2 & ', html.element('br'), "'").html)
  end)

  it('writes attributes in one order, and flags without a value', function()
    assert.equal('<td a="1" b hidden="no"></td>',
      html.element('td', { hidden = 'no', b = true, c = false, a = 1 }).html)
  end)

  it('takes lists of children', function()
    assert.equal('<p>a1<b>x</b></p>', html.element('p', {}, { 'a', { 1, html.element('b', {}, 'x') } }).html)
  end)
end)

describe('tool.page.scale', function()
  it('places values, and those beyond the axis at its edge', function()
    assert.equal(25, scale.percent(1, 0, 4))
    assert.equal(100, scale.percent(math.huge, 0, 4))
    assert.equal(0, scale.percent(-math.huge, 0, 4))
  end)

  it('ranges over what is finite, with room around it', function()
    local low, high = scale.range { 10, 20, math.huge, 0 / 0 }
    assert.near(9.2, low, 1e-9)
    assert.near(20.8, high, 1e-9)
    for _, values in ipairs { {}, { 0 }, { 5 }, { -3 }, { 0 / 0 } } do
      low, high = scale.range(values)
      assert.is_true(low < high, table.concat(values, ' '))
    end
    assert.equal(0, (scale.range { 0, 100 }))
  end)

  it('finds round values and times', function()
    assert.same({ 0, 50, 100 }, scale.ticks(0, 100, 3))
    assert.equal('0', scale.number(scale.ticks(-0, 100, 3)[1]))
    assert.same({ 90, 95, 100 }, scale.ticks(89.2, 100.7, 3))
    assert.same({ 0, 300000, 600000 }, scale.times(852000, 5))
    assert.same({ 0, 1000 }, scale.times(1000, 5))
    assert.is_true(#scale.times(3600000 * 24 * 365 * 40, 5) <= 6)
  end)

  it('labels bounds, and round values that are not close to one', function()
    assert.same({ 500, 1000 }, scale.labelled(90, 1600, 3, { 500 }))
    assert.same({ 98.9, 99.5, 100 }, scale.labelled(98.8, 100.1, 3, { 98.9 }))
    assert.same({ 0, 50, 100 }, scale.labelled(0, 100, 3, { 200, math.huge }))
    assert.same({ 10, 50, 90 }, scale.labelled(0, 100, 3, { 90, 10 }))
  end)

  it('writes times and values as people read them', function()
    for ms, text in pairs { [0] = '0:00', [245000] = '4:05', [3845000] = '1:04:05', [86400000 * 7] = '7d',
      [176640000] = '2d 1:04' } do
      assert.equal(text, scale.clock(ms))
    end
    for value, text in pairs { [99.9] = '99.9', [1e-7] = '1e-7', [1e21] = '1e21', [1e10] = '1e10',
      [math.huge] = '+Inf', [-math.huge] = '-Inf', [1234567] = '1.23457e6' } do
      assert.equal(text, scale.number(value))
    end
  end)
end)

describe('tool.page.figure', function()
  local function paths(text)
    local found = {}
    for class, d in text:gmatch '<path class="([^"]*)" d="([^"]*)"' do
      found[class] = d
    end
    return found
  end

  it('has a label at its bound', function()
    local text = figure.draw { title = 'x', span = 1000, max = 500, points = { { at = 0, value = 1499 } } }.html
    assert.truthy(text:find('>500</b>', 1, true), text)
    assert.truthy(text:find('>1000</b>', 1, true), text)
  end)

  it('leaves a gap where there was no value, and its point on the ground', function()
    local text = figure.draw { title = 'x', span = 4000, low = 0, high = 10,
      points = { { at = 0, value = 10, verdict = 'pass' }, { at = 1000, value = 5, verdict = 'fail' },
        { at = 2000, verdict = 'blind' }, { at = 3000, value = 0, verdict = 'pass' } } }.html
    assert.equal('M0.000 0.000 L25.000 50.000 M75.000 100.000', paths(text).curve)
    assert.truthy(text:find('class="point blind" style="left:50.000%;top:100.000%"', 1, true))
    assert.truthy(text:find('class="point fail" style="left:25.000%;top:50.000%"', 1, true))
  end)

  it('holds a share until the next one, and to the end', function()
    local text = figure.draw { title = 'x', span = 4000, low = 0, high = 100, stepped = true,
      points = { { at = 0, value = 0 }, { at = 1000, value = 50 } } }.html
    assert.equal('M0.000 100.000 L25.000 100.000 L25.000 50.000 L100 50.000', paths(text)['curve share'])
  end)

  it('shows what bounds forbid', function()
    local text = figure.draw { title = 'x', span = 1000, low = 0, high = 10, min = 2, max = 8, points = {} }.html
    assert.truthy(text:find('class="forbidden" height="20.000" width="100" x="0" y="80.000"', 1, true))
    assert.truthy(text:find('class="forbidden" height="20.000" width="100" x="0" y="0.000"', 1, true))
  end)

  it('has bounds inside of the axis that it finds', function()
    local text = figure.draw { title = 'x', span = 1000, max = 500, points = { { at = 0, value = 40 } } }.html
    local y = tonumber(paths(text).bound:match '^M0 (%S+)')
    assert.is_true(y > 0 and y < 20, y)
  end)
end)

describe('tool.page.release', function()
  local page = { title = 'web.shop', subtitle = 'a </title><script>', outcome = { text = 'taken back', class = 'bad' },
    span = 60000, weights = { { at = 0, weight = 10 } },
    events = { { at = 10000, text = 'first' }, { at = 50000, text = 'Rolling back', class = 'bad' } },
    checks = { { name = 'errors', min = 99, points = {
      { at = 10000, value = 100, verdict = 'pass' }, { at = 40000, verdict = 'blind', text = 'no data' } } } } }

  it('tells what happened by time, as it came', function()
    local cells = {}
    for row in release.write(page):gmatch '<tr[^>]*data%-at="%d+"[^>]*>(.-)</tr>' do
      cells[#cells + 1] = row:gsub('<[^>]*>', ' '):gsub('%s+', ' ')
    end
    assert.same({ ' 0:10 pass errors 100 ', ' 0:10 first ', ' 0:40 blind errors no data ', ' 0:50 Rolling back ' },
      cells)
  end)

  it('loads nothing, and is the same text each time', function()
    local text = release.write(page)
    assert.is_nil(text:find('://', 1, true))
    assert.is_nil(text:find('<script>%s*</', 1))
    local _, scripts = text:gsub('<script', '')
    assert.equal(1, scripts)
    assert.equal(text, release.write(page))
  end)

  it('can be drawn of a release in which nothing happened', function()
    assert.truthy(release.write { title = 'x', span = 0, weights = {}, checks = {}, events = {} }:find '</html>\n$')
  end)
end)

describe('tool.page.backtest', function()
  it('has a strip for each rule set, and what became of each release', function()
    local text = backtest.write { title = 'x', span = 4000,
      heads = { { text = 'rules' }, { text = 'n', number = true } },
      rows = { { cells = { 'fixed', '2' } } }, bad = { { from = 1000, to = 2000 } },
      sets = { { name = 'fixed', releases = {
        { at = 0, lasted = 1000, outcome = 'promoted', text = 'promoted after 1 s' },
        { at = 2000, lasted = 1000, outcome = 'taken back', text = 'errors' } } } } }
    assert.truthy(text:find('class="promoted" data-at="0" data-tell="0:00  fixed: promoted after 1 s" height="35" '
      .. 'width="45.000" x="0.000" y="65"', 1, true))
    assert.truthy(text:find('class="taken-back" data-at="2000"', 1, true))
    assert.truthy(text:find('<td class="number">2</td>', 1, true))
    assert.truthy(text:find('class="forbidden" height="140" width="25.000" x="25.000"', 1, true))
  end)
end)

describe('tool.backtest.results', function()
  package.loaded.host = require 'tool.host'

  local function score(more)
    local one = { promoted = 90, taken_back = 4, held_blind = 2, undecided = 0, good = 90, false_alarms = 3, bad = {} }
    for name, value in pairs(more or {}) do
      one[name] = value
    end
    return one
  end

  it('shows undecided releases only where there are some', function()
    local results = require 'tool.backtest.results'
    local function heads_of(more)
      local texts = {}
      for i, head in ipairs(results.rows({ { name = 'a' } }, { score(more) }, true)) do
        texts[i] = head.text
      end
      return texts
    end
    assert.same({ '', 'promoted', 'taken back', 'held blind', 'false alarms', 'bad seen after' }, heads_of())
    assert.equal('undecided', heads_of({ undecided = 1 })[5])
  end)
end)
