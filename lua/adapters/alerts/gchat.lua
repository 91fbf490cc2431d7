--- Google Chat: an incoming webhook that takes a card.
local adapter = require 'stdlib.adapter'
local chat = require 'stdlib.chat'

local function grey(text)
  return '<font color=#848484><strong>' .. text .. '</strong></font>'
end

local function section(text)
  return { widgets = adapter.json.list { { textParagraph = { text = text } } } }
end

--- Text and fields are sections of one card. What is in them is markup, so a message may have some, as in Flagger.
local function card(ask)
  local sections = chat.fields(ask, function(name, value)
    return section(name .. '<br>' .. grey(value))
  end)
  table.insert(sections, 1, section(grey(ask.message)))
  return {
    header = {
      title = 'Flagger',
      subtitle = chat.canary(ask),
      imageUrl = 'https://flagger.app/favicon.png',
    },
    sections = sections,
  }
end

return adapter {
  name = 'gchat',
  request = function(ask)
    return chat.problem(ask, 'Google Chat webhook')
      or chat.post(ask, { cards = adapter.json.list { card(ask) } })
  end,
  answer = chat.answer,
}
