--- Regular expressions of matchers: RE2's, against whole values.
local failure = require 'tool.promql.failure'
local regex = require 'tool.promql.regex'

describe('a regular expression', function()
  it('matches whole values', function()
    for text, values in pairs {
      ['5..'] = { '500', '-50', '-5000' },
      ['a|b|cd'] = { 'a', 'b', 'cd', '-ab', '-c' },
      ['(a|b)*c?'] = { '', 'abab', 'bc', '-abcc' },
      ['web-[0-9a-z]+(-[0-9a-z]+)'] = { 'web-5b-x1', '-web-5b', '-web-primary-5b-x1' },
      ['(?i)get|PUT'] = { 'GET', 'get', 'put', '-gets' }, ['(?i:a)B'] = { 'AB', 'aB', '-ab' },
      ['[^a-c]+'] = { 'xyz', '-xaz' }, ['[]a-]+'] = { ']a-', 'a]', '-b' }, ['[[:digit:]_]+'] = { '4_2', '-4a' },
      ['x{2,3}'] = { 'xx', 'xxx', '-x', '-xxxx' }, ['x{2}'] = { 'xx', '-xxx' }, ['x{2,}'] = { 'xxxxx', '-x' },
      ['\\d+\\.\\d'] = { '12.3', '-12x3' }, ['\\w\\S\\D'] = { 'a_b', '-a 1' }, ['.*ä.'] = { 'xäö', '-ä' },
      ['^a$'] = { 'a', '-^a$' }, ['a+?b*?'] = { 'aab', '-b' }, ['\\x41\\n'] = { 'A\n' }, [''] = { '', '-a' },
      ['.+'] = { 'a\nb', '-' },
    } do
      for _, value in ipairs(values) do
        local is_other = value:sub(1, 1) == '-'
        assert.equal(not is_other, regex.compile(text):match(is_other and value:sub(2) or value), text .. ' ' .. value)
      end
    end
  end)

  it('comes to an end', function()
    assert.is_false(regex.compile('(a*)*b'):match(('a'):rep(500) .. 'c'))
    assert.is_false(regex.compile('(x+x+)+y'):match(('x'):rep(200)))
  end)

  it('has groups', function()
    local groups = regex.compile('(.*)-(?P<hash>[^-]+)-([^-]*)(z)?'):groups 'shop-web-5b-xy'
    assert.same({ [0] = 'shop-web-5b-xy', 'shop-web', '5b', 'xy', '', hash = '5b' }, groups)
    assert.is_nil(regex.compile('a'):groups 'b')
  end)

  it('is refused with what is wrong', function()
    for text, wanted in pairs { ['('] = 'missing closing )', ['a)'] = 'unexpected )', ['[a'] = 'missing closing ]',
      ['*a'] = 'missing argument to repetition operator', ['a**'] = 'invalid nested repetition operator',
      ['a{2,1}'] = 'invalid repeat count', ['a\\'] = 'trailing backslash', ['[z-a]'] = 'invalid character class range',
      ['\\pL'] = '\\p', ['\\bx'] = '\\b', ['(?=a)'] = 'a group (?=' } do
      local ok, raised = pcall(regex.compile, text)
      assert.is_false(ok, text)
      assert.truthy(failure.of(raised).text:find(wanted, 1, true), raised.text)
    end
  end)
end)
