--- What a script is told of a name that is none.
package.loaded.host = { nearest = function(_, names)
  return names -- as the engine's: sorted, and none left out
end }
local misuse = require 'stdlib.misuse'

describe('stdlib.misuse', function()
  it('names what is known once, where a metric and its Check have the same name', function()
    assert.equal('there is no metric "eror", known are error, errors, latency',
      misuse.unknown('metric', 'eror', { 'error', 'error', 'errors', 'latency', 'latency' }))
  end)
end)
