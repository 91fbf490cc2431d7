local html = require 'tool.page.html'
local readable = require 'tool.readable'

describe('texts from outside', function()
  it('show what a terminal would obey, and what is no UTF-8', function()
    for text, shown in pairs {
      ['Grüße, 日本\tto all\n'] = 'Grüße, 日本\tto all\n',
      ['\27[2Jgone \7\0'] = '\\x1b[2Jgone \\x07\\x00',
      ['\194\155 is a CSI, \255 nothing'] = '\\xc2\\x9b is a CSI, \\xff nothing',
    } do
      assert.equal(shown, readable(text))
      assert.equal(shown, readable(readable(text)))
    end
  end)

  it('show marks that turn a text around, or are not seen', function()
    for mark, shown in pairs {
      ['\226\128\170'] = '202a', ['\226\128\174'] = '202e', ['\226\129\166'] = '2066', ['\226\129\169'] = '2069',
      ['\226\128\142'] = '200e', ['\226\128\143'] = '200f', ['\216\156'] = '061c', ['\226\128\168'] = '2028',
      ['\226\128\139'] = '200b', ['\239\187\191'] = 'feff',
    } do
      assert.equal(('fail\\u{%s}ssap'):format(shown), readable(('fail%sssap'):format(mark)))
    end
    assert.equal('👩\226\128\141🔬 a joined sign', readable '👩\226\128\141🔬 a joined sign')
  end)

  it('are no different in a page', function()
    assert.equal('<p title="\\x1b&lt;">\\u{202e}\\x1b[2J&amp;</p>',
      html.element('p', { title = '\27<' }, '\226\128\174\27[2J&').html)
  end)
end)
