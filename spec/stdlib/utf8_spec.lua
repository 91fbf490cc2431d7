local World = require 'spec.fake_host'

describe('a text', function()
  after_each(World.prove_closed)

  local utf8 = World.new():require 'stdlib.utf8'

  it('is UTF-8', function()
    for _, text in ipairs { '', 'abc', 'café', '\0', '\127', '\194\128', '\223\191', '\224\160\128', '\237\159\191',
      '\238\128\128', '\239\191\191', '\240\144\128\128', '\244\143\191\191', 'a\195\169b\226\130\172c' } do
      assert.is_true(utf8.is_valid(text), ('%q'):format(text))
    end
  end)

  it('has a character of each length', function()
    for code, char in pairs { [0] = '\0', [0x7F] = '\127', [0x80] = '\194\128', [0x7FF] = '\223\191',
      [0x800] = '\224\160\128', [0x20AC] = '€', [0xFFFF] = '\239\191\191', [0x10000] = '\240\144\128\128',
      [0x1F600] = '😀', [0x10FFFF] = '\244\143\191\191' } do
      assert.equal(char, utf8.char(code), ('U+%04X'):format(code))
    end
  end)

  it('is none', function()
    for what, text in pairs { ['a byte'] = '\255', ['a lone tail'] = 'a\128', ['cut'] = '\226\130',
      ['Latin 1'] = 'caf\233',
      ['overlong'] = '\192\128', ['overlong, of three'] = '\224\159\191', ['overlong, of four'] = '\240\143\191\191',
      ['a surrogate'] = '\237\160\128', ['above all'] = '\244\144\128\128', ['of five'] = '\248\136\128\128\128',
      ['behind what is'] = 'é\195' } do
      assert.is_false(utf8.is_valid(text), what)
    end
  end)
end)
