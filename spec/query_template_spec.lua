--- Two places know the templates in queries: core/canary/query_template.c refuses a Canary for what is evidently wrong,
--- and stdlib.template fills the others in. Nothing may be refused that could be filled in, and what people write by
--- mistake must be refused.
local World = require 'spec.world'
local template = require 'stdlib.template'

local VARIABLES = { a = 'A', ['b-c'] = 'BC' }
local MODEL = { name = 'n', namespace = 'n', target = 't', service = 's', ingress = 'i', route = 'r', interval = '1m',
  variables = VARIABLES }

local QUERIES = {
  'no action', 'a }} b', '{{name}}', '{{ name', '{{ name }} {{ open', '{{}}', '{{ }}', '{{-name}}', '{{- name -}}',
  '{{ name-}}', '{{ -}}', '{{-}}', '{{ foo }}', '{{ .target }}', '{{ Target }}', '{{ target target }}', '{{ targets }}',
  '{{ 5 }}', '{{ "x" }}', '{{ `x` }}', '{{/* comment */}}', '{{ interval | len }}', '{{ (name) }}', '{{ $x := name }}',
  '{{ if eq name "x" }}1{{ end }}', '{{ variables }}', '{{ variables.a }}', '{{ variables.b-c }}', '{{ variables.no }}',
  '{{ variables. }}', '{{ index variables "a" }}', '{{ index variables "no" }}', '{{ index variables `b-c` }}',
  '{{ index variables a }}', '{{index  variables\t"a"}}', '{{ index variables "a"b" }}', '{{ index variables "a }}',
  '{{ index variables "a` }}', '{{ name }}{{ foo }}', '{{ name\n}}', '{{\vname }}', '{{ {{ name }}', '{{ name }}}',
}

--- All that Go has, whole, within a word, and with something behind it.
for word in ([[and block break call continue define else end eq ge gt html if index js le len lt ne nil not or print
  printf println range slice template true urlquery with name namespace target service ingress route interval
  variables]]):gmatch '%a+' do
  for _, form in ipairs { '{{ %s }}', '{{ %sx }}', '{{ %s name }}', '{{ %s.a }}' } do
    QUERIES[#QUERIES + 1] = form:format(word)
  end
end

local MISTAKES = {}
for _, query in ipairs { '{{ name', '{{}}', '{{ foo }}', '{{ Target }}', '{{ targets }}', '{{ variables.no }}',
  '{{ name }}{{ foo }}', '{{ define "x" }}', '{{ namex }}', '{{ name }} {{ open' } do
  MISTAKES[query] = true
  QUERIES[#QUERIES + 1] = query
end

describe('the words of query templates', function()
  after_each(World.close_all)

  it('are the same where they are refused and where they are filled in', function()
    local metrics = {}
    for i, query in ipairs(QUERIES) do
      metrics[i] = { name = 'm' .. i, query = query, templateVariables = VARIABLES, thresholdRange = { min = 0 } }
    end
    local world = World.new { analysis = { stepWeights = { 50 }, metrics = metrics } }
    world.world:run '5s'
    local refused, count = {}, 0
    for i in world:condition('Accepted').message:gmatch 'metrics%[(%d+)%]%.query' do
      refused[tonumber(i) + 1] = true
    end
    for i, query in ipairs(QUERIES) do
      local text = template.render(query, MODEL)
      assert.is_true(text == nil or not refused[i], query)
      assert.is_true(refused[i] or not MISTAKES[query], query)
      count = count + (text and 1 or 0)
    end
    assert.is_true(count > 10 and count < #QUERIES - 10)
  end)
end)
