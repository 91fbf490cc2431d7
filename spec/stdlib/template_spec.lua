--- What text/template of Go 1.24 gives for the same texts, option missingkey=error.
local template = require 'stdlib.template'

local MODEL = { name = 'podinfo', interval = '1m', variables = { a = 'A', ['b-c'] = 'BC', n = 5 } }

local RENDERED = {
  { '', '' },
  { 'no action', 'no action' },
  { 'x {{name}} {{ name}}y', 'x podinfo podinfoy' },
  { 'rate(x[{{ interval }}])', 'rate(x[1m])' },
  { '{{ variables.a }}', 'A' },
  { '{{ index variables "a" }}', 'A' },
  { '{{ index variables `a` }}', 'A' },
  { '{{ index variables "b-c" }}', 'BC' },
  { '{{ index variables "nope" }}', '' },
  { '{{ variables.n }}', '5' },
  { 'a {{- name -}} b', 'apodinfob' },
  { '{{- name }} x', 'podinfo x' },
  { 'a\n {{- name}}\n b', 'apodinfo\n b' },
  { '{{ name -}}\n   {{- name }}', 'podinfopodinfo' },
  { 'a }} b', 'a }} b' },
  { '{{ name }}%1{{ name }}', 'podinfo%1podinfo' },
}

local FAILED = {
  { '{{ name', 'template parsing failed: template: tmpl:1: unclosed action' },
  { 'one\n{{ name }}\n{{ name', 'template parsing failed: template: tmpl:3: unclosed action' },
  { '{{ foo }}', 'template parsing failed: template: tmpl:1: function "foo" not defined' },
  { '{{}}', 'template parsing failed: template: tmpl:1: missing value for command' },
  {
    '{{ variables.nope }}',
    'template excution failed: template: tmpl:1:3: executing "tmpl" at <variables>: map has no entry for key "nope"',
  },
  {
    'a\n  {{- variables.nope }}',
    'template excution failed: template: tmpl:2:6: executing "tmpl" at <variables>: map has no entry for key "nope"',
  },
  -- All of it is read before any of it is filled in.
  { '{{ variables.nope }}{{ foo }}', 'template parsing failed: template: tmpl:1: function "foo" not defined' },
}

describe('stdlib.template', function()
  for _, case in ipairs(RENDERED) do
    it(string.format('renders %q', case[1]), function()
      assert.same({ case[2] }, { template.render(case[1], MODEL) })
    end)
  end

  for _, case in ipairs(FAILED) do
    it(string.format('refuses %q', case[1]), function()
      local text, problem = template.render(case[1], MODEL)
      assert.is_nil(text)
      assert.equal(case[2], problem)
    end)
  end

  it('agrees with Go', function()
    local model = { name = 'podinfo', namespace = 'test', target = 'podinfo', service = 'svc', ingress = 'ing',
      route = 'rt', interval = '1m',
      variables = { a = 'A', ['b-c'] = 'BC', n = '5', empty = '', list = 'x,y' } }
    for _, case in ipairs(require 'spec.stdlib.template_cases') do
      local text, problem = template.render(case[1], model)
      assert.equal(case[2], text, case[1])
      assert.equal(case[3], problem, case[1])
    end
  end)

  it('prints as Go does', function()
    local model = { name = 'podinfo', variables = { a = 'A', ['b-c'] = 'BC', n = '5', empty = '', list = 'x,y' } }
    for _, case in ipairs(require 'spec.stdlib.printf_cases') do
      local star = case[1]:find('*', 1, true) and ' 6' or ''
      local action = ('{{ printf "%s"%s %s }}'):format(case[1], star, case[2]:gsub('^6 ', ''))
      assert.equal(case[3], template.render(action, model), action)
    end
    assert.equal('b:a%!(EXTRA int=5) %!d(MISSING) %!(BADWIDTH)x a%!(NOVERB)', template.render(
      '{{ printf "%s:%s" "b" "a" 5 }} {{ printf "%d" }} {{ printf "%*s" "w" "x" }} {{ printf "a%" }}', model))
  end)

  it('names the argument of printf that does not fit, and what is no list', function()
    for text, told in pairs {
      ['{{ printf 5 }}'] = '1:10: executing "tmpl" at <5>: expected string; found 5',
      ['{{ range slice name 0 1 }}{{ end }}'] = '1:22: executing "tmpl" at <1>: range can\'t iterate over p',
      ['{{ call name }}'] = '1:3: executing "tmpl" at <call name>: error calling call: non-function name of type '
        .. 'string',
      ['{{ call nil }}'] = '1:3: executing "tmpl" at <call nil>: error calling call: call of nil',
    } do
      local rendered, problem = template.render(text, MODEL)
      assert.is_nil(rendered)
      assert.equal('template excution failed: template: tmpl:' .. told, problem)
    end
  end)

  it('knows no definitions, and says so', function()
    for _, word in ipairs { 'define "x"', 'template "x"', 'block "x" .' } do
      local text, problem, unsupported = template.render('{{ ' .. word .. ' }}{{ end }}', MODEL)
      assert.is_nil(text)
      assert.matches('is not supported$', problem)
      assert.is_true(unsupported)
    end
  end)

  it('does without variables', function()
    assert.equal('', template.render('{{ index variables "a" }}', { name = 'podinfo' }))
    assert.is_nil((template.render('{{ variables.a }}', { name = 'podinfo' })))
  end)
end)
